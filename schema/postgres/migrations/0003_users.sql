-- Users. Their id is the key that everything of theirs is distributed by (PG-SHARD, COR-22): a unique e-mail address,
-- which no shard could watch over by itself, stands in a table of its own.
CREATE TABLE public.users (
    id uuid PRIMARY KEY DEFAULT operations.uuid_v7(),
    display_name text NOT NULL,
    locale text NOT NULL DEFAULT 'ja-JP',
    country text NOT NULL DEFAULT 'JP',
    phone text,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_locale_check CHECK (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
    CONSTRAINT users_country_check CHECK (country ~ '^[A-Z]{2}$')
);

CREATE TABLE public.user_emails (
    email text PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT user_emails_user_id_fkey REFERENCES public.users (id) ON DELETE CASCADE,
    is_verified boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_emails_email_check CHECK (email = lower(email) AND email ~ '^[^@\s]+@[^@\s]+$')
);

CREATE INDEX user_emails_user_id_idx ON public.user_emails (user_id);

CREATE TRIGGER users_touch BEFORE UPDATE ON public.users
FOR EACH ROW EXECUTE FUNCTION operations.touch();
