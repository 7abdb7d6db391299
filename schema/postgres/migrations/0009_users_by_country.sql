-- For reports by market. An index of a table in use is built without holding up its writers.
-- schema: transaction = none
-- schema: repair = DROP INDEX CONCURRENTLY IF EXISTS public.users_country_idx
-- schema: statement_timeout = 1 h
CREATE INDEX CONCURRENTLY users_country_idx ON public.users (country, created_at);
