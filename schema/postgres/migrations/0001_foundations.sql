-- Helpers that tables and their upkeep need. Everything here belongs to triptrip_owner.
CREATE SCHEMA operations;

COMMENT ON SCHEMA operations IS 'Upkeep of the database: identifiers, partitions, refreshes, heartbeat';

-- Nobody may call what is made later unless repeatable/grants.sql says so.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;

-- RFC 9562, section 5.7: 48 bits of milliseconds since 1970 UTC, then random ones. Rows of one time lie together in an
-- index, and two shards never make the same (PG-SHARD).
CREATE FUNCTION operations.uuid_v7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $body$
    SELECT encode(
        set_bit(
            set_bit(
                overlay(
                    uuid_send(gen_random_uuid())
                    PLACING substring(int8send((extract(EPOCH FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                    FROM 1 FOR 6
                ), 52, 1
            ), 53, 1
        ), 'hex'
    )::uuid
$body$;

-- The time of the change itself, not of its transaction's begin: what comes to a row later bears a later time, by which
-- BigQuery knows the newer version.
CREATE FUNCTION operations.touch() RETURNS trigger
LANGUAGE plpgsql
AS $body$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$body$;
