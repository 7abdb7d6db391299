-- Hotels, attractions and products: read by everybody, written by few. On shards they are reference tables (PG-SHARD).
CREATE TABLE public.hotels (
    id uuid PRIMARY KEY DEFAULT operations.uuid_v7(),
    slug text NOT NULL CONSTRAINT hotels_slug_key UNIQUE,
    name_ja text NOT NULL,
    name_en text NOT NULL,
    description_ja text NOT NULL DEFAULT '',
    description_en text NOT NULL DEFAULT '',
    prefecture text NOT NULL,
    city text NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    stars integer,
    price_from numeric(12, 2) NOT NULL,
    currency text NOT NULL DEFAULT 'JPY',
    amenities text[] NOT NULL DEFAULT '{}',
    is_published boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT hotels_latitude_check CHECK (latitude BETWEEN -90 AND 90),
    CONSTRAINT hotels_longitude_check CHECK (longitude BETWEEN -180 AND 180),
    CONSTRAINT hotels_stars_check CHECK (stars BETWEEN 1 AND 5),
    CONSTRAINT hotels_price_from_check CHECK (price_from >= 0),
    CONSTRAINT hotels_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE INDEX hotels_place_idx ON public.hotels (prefecture, city) WHERE is_published;

CREATE TABLE public.attractions (
    id uuid PRIMARY KEY DEFAULT operations.uuid_v7(),
    slug text NOT NULL CONSTRAINT attractions_slug_key UNIQUE,
    name_ja text NOT NULL,
    name_en text NOT NULL,
    description_ja text NOT NULL DEFAULT '',
    description_en text NOT NULL DEFAULT '',
    category text NOT NULL,
    prefecture text NOT NULL,
    city text NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    is_published boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attractions_latitude_check CHECK (latitude BETWEEN -90 AND 90),
    CONSTRAINT attractions_longitude_check CHECK (longitude BETWEEN -180 AND 180)
);

CREATE INDEX attractions_place_idx ON public.attractions (prefecture, city) WHERE is_published;

CREATE TABLE public.products (
    id uuid PRIMARY KEY DEFAULT operations.uuid_v7(),
    slug text NOT NULL CONSTRAINT products_slug_key UNIQUE,
    name_ja text NOT NULL,
    name_en text NOT NULL,
    description_ja text NOT NULL DEFAULT '',
    description_en text NOT NULL DEFAULT '',
    category text NOT NULL,
    price numeric(12, 2) NOT NULL,
    currency text NOT NULL DEFAULT 'JPY',
    stock integer NOT NULL DEFAULT 0,
    is_published boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT products_price_check CHECK (price >= 0),
    CONSTRAINT products_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT products_stock_check CHECK (stock >= 0)
);

CREATE INDEX products_category_idx ON public.products (category) WHERE is_published;

CREATE TRIGGER hotels_touch BEFORE UPDATE ON public.hotels
FOR EACH ROW EXECUTE FUNCTION operations.touch();
CREATE TRIGGER attractions_touch BEFORE UPDATE ON public.attractions
FOR EACH ROW EXECUTE FUNCTION operations.touch();
CREATE TRIGGER products_touch BEFORE UPDATE ON public.products
FOR EACH ROW EXECUTE FUNCTION operations.touch();
