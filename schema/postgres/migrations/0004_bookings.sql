-- Bookings, a partition a month (PG-PHASE-1). The key begins with user_id, which shards are made by (PG-SHARD), and
-- holds created_at, which partitions are made by: PostgreSQL asks for it in every unique key.
CREATE TABLE public.bookings (
    user_id uuid NOT NULL CONSTRAINT bookings_user_id_fkey REFERENCES public.users (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    id uuid NOT NULL DEFAULT operations.uuid_v7(),
    hotel_id uuid NOT NULL CONSTRAINT bookings_hotel_id_fkey REFERENCES public.hotels (id),
    status text NOT NULL DEFAULT 'pending',
    check_in date NOT NULL,
    check_out date NOT NULL,
    guests integer NOT NULL,
    total_price numeric(12, 2) NOT NULL,
    currency text NOT NULL DEFAULT 'JPY',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, created_at, id),
    CONSTRAINT bookings_status_check CHECK (status IN ('pending', 'confirmed', 'cancelled', 'completed')),
    CONSTRAINT bookings_dates_check CHECK (check_out > check_in),
    CONSTRAINT bookings_guests_check CHECK (guests BETWEEN 1 AND 50),
    CONSTRAINT bookings_total_price_check CHECK (total_price >= 0),
    CONSTRAINT bookings_currency_check CHECK (currency ~ '^[A-Z]{3}$')
) PARTITION BY RANGE (created_at);

CREATE INDEX bookings_hotel_id_idx ON public.bookings (hotel_id, check_in);

CREATE TRIGGER bookings_touch BEFORE UPDATE ON public.bookings
FOR EACH ROW EXECUTE FUNCTION operations.touch();

SELECT partman.create_parent('public.bookings', 'created_at', '1 month', p_premake => 4);

-- Also where no row came for a while: otherwise partitions ahead are made only behind the newest row.
UPDATE partman.part_config
SET infinite_time_partitions = true
WHERE parent_table IN ('public.bookings');
