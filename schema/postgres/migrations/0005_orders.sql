-- Orders and what is in them, a partition a month; keys as those of bookings (PG-SHARD). What is ordered lies on its
-- user's shard, so that an order with its items is one transaction there.
CREATE TABLE public.orders (
    user_id uuid NOT NULL CONSTRAINT orders_user_id_fkey REFERENCES public.users (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    id uuid NOT NULL DEFAULT operations.uuid_v7(),
    status text NOT NULL DEFAULT 'pending',
    total_price numeric(12, 2) NOT NULL,
    currency text NOT NULL DEFAULT 'JPY',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, created_at, id),
    CONSTRAINT orders_status_check
    CHECK (status IN ('pending', 'paid', 'shipped', 'completed', 'cancelled', 'refunded')),
    CONSTRAINT orders_total_price_check CHECK (total_price >= 0),
    CONSTRAINT orders_currency_check CHECK (currency ~ '^[A-Z]{3}$')
) PARTITION BY RANGE (created_at);

CREATE TABLE public.order_items (
    user_id uuid NOT NULL,
    order_created_at timestamptz NOT NULL,
    order_id uuid NOT NULL,
    line integer NOT NULL,
    product_id uuid NOT NULL CONSTRAINT order_items_product_id_fkey REFERENCES public.products (id),
    quantity integer NOT NULL,
    unit_price numeric(12, 2) NOT NULL,
    PRIMARY KEY (user_id, order_created_at, order_id, line),
    CONSTRAINT order_items_order_fkey
    FOREIGN KEY (user_id, order_created_at, order_id) REFERENCES public.orders (user_id, created_at, id)
    ON DELETE CASCADE,
    CONSTRAINT order_items_line_check CHECK (line > 0),
    CONSTRAINT order_items_quantity_check CHECK (quantity > 0),
    CONSTRAINT order_items_unit_price_check CHECK (unit_price >= 0)
) PARTITION BY RANGE (order_created_at);

CREATE INDEX order_items_product_id_idx ON public.order_items (product_id);

CREATE TRIGGER orders_touch BEFORE UPDATE ON public.orders
FOR EACH ROW EXECUTE FUNCTION operations.touch();

SELECT partman.create_parent('public.orders', 'created_at', '1 month', p_premake => 4);
SELECT partman.create_parent('public.order_items', 'order_created_at', '1 month', p_premake => 4);

-- Also where no row came for a while: otherwise partitions ahead are made only behind the newest row.
UPDATE partman.part_config
SET infinite_time_partitions = true
WHERE parent_table IN ('public.orders', 'public.order_items');
