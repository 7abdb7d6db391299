-- What an administrator runs once an environment, before the schema step can: the roles, the extensions that only
-- cloudsqlsuperuser may create, and what belongs to the database as a whole. Run again, it changes nothing.
-- `python -m schema bootstrap --env ENVIRONMENT` fills the names in; docs/runbooks/schema.md says how it is run.
--
-- The schema step itself gets no more than triptrip_owner: it owns what is inside, and hands out the other group roles.
BEGIN;

DO $body$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[${roles}] LOOP
        IF to_regrole(wanted) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
        -- The schema step hands membership on, and has no rights by it.
        IF wanted <> 'triptrip_owner' THEN
            EXECUTE format('GRANT %I TO triptrip_owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', wanted);
        END IF;
    END LOOP;
END
$body$;

GRANT triptrip_owner TO "${schema_user}" WITH INHERIT FALSE, SET TRUE;

REVOKE ALL ON DATABASE "${database}" FROM PUBLIC;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE "${database}" TO triptrip_owner;
GRANT CONNECT ON DATABASE "${database}"
TO "${schema_user}", triptrip_read, triptrip_write, triptrip_report, triptrip_pooler, triptrip_monitor;
GRANT USAGE, CREATE ON SCHEMA public TO triptrip_owner;
-- Said here, since the owner of tables may not hand on what belongs to the database.
GRANT USAGE ON SCHEMA public TO triptrip_read, triptrip_write, triptrip_report;

-- PG-FLAGS; it is no flag of Cloud SQL (COR-03).
ALTER DATABASE "${database}" SET effective_io_concurrency = ${effective_io_concurrency};

CREATE SCHEMA IF NOT EXISTS partman;
CREATE SCHEMA IF NOT EXISTS extensions;
GRANT USAGE ON SCHEMA extensions TO triptrip_report, triptrip_monitor;
COMMIT;

-- What others do: their states and statements, never a row. Where an administrator may not hand it on,
-- `python -m schema verify postgres` says so.
DO $body$
BEGIN
    GRANT pg_monitor TO triptrip_monitor;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE WARNING 'triptrip_monitor is no member of pg_monitor: %', SQLERRM;
END
$body$;

-- What a server does not offer is told by `python -m schema verify postgres`.
DO $body$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT name, CASE name WHEN 'pg_partman' THEN 'partman' ELSE 'extensions' END AS home
        FROM pg_available_extensions WHERE name = ANY (ARRAY[${extensions}])
    LOOP
        EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', wanted.name, wanted.home);
    END LOOP;
END
$body$;

GRANT ALL ON SCHEMA partman TO triptrip_owner;
GRANT ALL ON ALL TABLES IN SCHEMA partman TO triptrip_owner;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA partman TO triptrip_owner;
