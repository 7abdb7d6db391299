-- One beat of the heart (COR-17); whoever may call it needs no right on the table.
CREATE OR REPLACE FUNCTION operations.beat() RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $body$
    UPDATE operations.heartbeat SET beat_at = clock_timestamp() RETURNING beat_at
$body$;

-- How late this server is; on the primary the time since the last beat.
CREATE OR REPLACE FUNCTION operations.replay_delay() RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $body$
    SELECT clock_timestamp() - beat_at FROM operations.heartbeat
$body$;
