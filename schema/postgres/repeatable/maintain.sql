-- The upkeep that `python -m schema maintain postgres` runs every few minutes: partitions ahead and out of date, and
-- the materialized views that are due. What fails does not stop what comes after it: of partitions it is told at the
-- end, of views it is noted in operations.refreshes.
CREATE OR REPLACE PROCEDURE operations.maintain()
LANGUAGE plpgsql
AS $body$
DECLARE
    due record;
    started timestamptz;
    problem text;
    problems text [] := '{}';
BEGIN
    FOR due IN
        SELECT part_config.parent_table FROM partman.part_config
        WHERE part_config.automatic_maintenance = 'on' AND NOT part_config.undo_in_progress
        ORDER BY part_config.parent_table
    LOOP
        BEGIN
            PERFORM partman.run_maintenance(due.parent_table);
        EXCEPTION
            WHEN OTHERS THEN
                -- pg_partman appends where it was, over many lines.
                problems := problems || format('partitions of %s: %s', due.parent_table, split_part(SQLERRM, E'\n', 1));
        END;
        COMMIT;
    END LOOP;

    FOR due IN
        SELECT refreshes.view_name, matviews.ispopulated
        FROM operations.refreshes
        JOIN pg_matviews AS matviews
            ON refreshes.view_name = format('%I.%I', matviews.schemaname, matviews.matviewname)
        -- A schedule that ticks as often as this is never late by a whole tick for a second's difference.
        WHERE
            refreshes.refreshed_at IS NULL
            OR refreshes.refreshed_at + refreshes.every - interval '30 seconds' <= clock_timestamp()
        ORDER BY refreshes.view_name
    LOOP
        started := clock_timestamp();
        problem := NULL;
        BEGIN
            -- An empty one has no readers yet, and cannot be refreshed beside them.
            IF due.ispopulated THEN
                EXECUTE 'REFRESH MATERIALIZED VIEW CONCURRENTLY ' || due.view_name;
            ELSE
                EXECUTE 'REFRESH MATERIALIZED VIEW ' || due.view_name;
            END IF;
        EXCEPTION
            WHEN OTHERS THEN
                problem := SQLERRM;
                RAISE WARNING 'refresh of % failed: %', due.view_name, problem;
        END;
        UPDATE operations.refreshes
        SET
            refreshed_at = CASE WHEN problem IS NULL THEN started ELSE refreshes.refreshed_at END,
            took = clock_timestamp() - started,
            failure = problem
        WHERE refreshes.view_name = due.view_name;
        COMMIT;
    END LOOP;

    IF problems <> '{}' THEN
        RAISE EXCEPTION '%', array_to_string(problems, '; ');
    END IF;
END
$body$;
