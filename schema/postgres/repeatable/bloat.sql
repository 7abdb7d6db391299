-- How much of tables and indexes is dead or empty space (MON-PG). Estimates from what ANALYZE notes: rows and pages of
-- one moment, and how wide the columns are. pgstattuple would read every page of the database each time.
-- Whoever may ask gets names and sizes, and needs no right on the tables; only the owner of these functions sees the
-- columns' statistics, which hold values.

-- Bytes of columns one after the other, each where its type may begin. Per column: its mean width, its type's length
-- (-1: varying) and alignment as pg_attribute has them, and the share of rows that have a value.
CREATE OR REPLACE FUNCTION operations.packed(
    widths integer[], lengths smallint[], alignments text[], shares float8[]
) RETURNS float8
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog
AS $body$
DECLARE
    place float8 := 0;
    step integer;
BEGIN
    FOR number IN 1 .. coalesce(array_length(widths, 1), 0) LOOP
        step := CASE
            -- A short value of varying length has a header of one byte and begins anywhere.
            WHEN lengths[number] = -1 AND widths[number] < 127 THEN 1
            ELSE CASE alignments[number] WHEN 'c' THEN 1 WHEN 's' THEN 2 WHEN 'i' THEN 4 ELSE 8 END
        END;
        place := place + shares[number] * (ceil(place / step) * step - place + widths[number]);
    END LOOP;
    RETURN place;
END
$body$;

-- Tables and materialized views from 8 MB on, each partition by itself. Not told: what was never analyzed, and TOAST,
-- of which no statistics are kept.
CREATE OR REPLACE FUNCTION operations.table_bloat()
RETURNS TABLE (schemaname name, relname name, ratio float8, bytes float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $body$
    WITH settings AS (
        SELECT current_setting('block_size')::integer AS block, 24 AS page_header, 4 AS pointer
    ),

    columns AS (
        SELECT
            c.oid,
            n.nspname,
            c.relname,
            c.relpages,
            c.reltuples,
            count(*) AS many,
            count(s.avg_width) AS known,
            bool_or(s.null_frac > 0) AS has_nulls,
            operations.packed(
                array_agg(s.avg_width ORDER BY a.attnum),
                array_agg(a.attlen ORDER BY a.attnum),
                array_agg(a.attalign::text ORDER BY a.attnum),
                array_agg(1 - s.null_frac::float8 ORDER BY a.attnum)
            ) AS width,
            coalesce((
                SELECT option_value::integer FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'
            ), 100) AS fill_factor
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_stats AS s
            ON
                s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited
        WHERE
            c.relkind IN ('r', 'm')
            AND c.relpages::bigint * (SELECT block FROM settings) >= 8388608
            AND c.reltuples >= 0
            AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        GROUP BY c.oid, n.nspname
    ),

    needs AS (
        SELECT
            columns.*,
            ceil(
                reltuples / greatest(1, floor(
                    (block - page_header) * fill_factor / 100.0
                    / (
                        8 * ceil((23 + CASE WHEN has_nulls THEN ceil(many / 8.0) ELSE 0 END) / 8.0)
                        + 8 * ceil(width / 8) + pointer
                    )
                ))
            ) AS pages
        FROM columns, settings
        WHERE known = many
    )

    SELECT
        nspname, needs.relname, greatest(0, 1 - pages / relpages), greatest(0, relpages - pages) * settings.block
    FROM needs, settings
$body$;

-- B-trees from 8 MB on, those of partitions by themselves. One that random keys are put into is a third empty when it
-- is healthy: its pages split in the middle.
CREATE OR REPLACE FUNCTION operations.index_bloat()
RETURNS TABLE (schemaname name, relname name, indexrelname name, ratio float8, bytes float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $body$
    WITH settings AS (
        -- `together`: rows of one key in a posting list of an index that was just built (a tenth of a page).
        SELECT
            current_setting('block_size')::integer AS block, 40 AS page_header, 4 AS pointer, 8 AS header,
            6 AS row_pointer, 133 AS together
    ),

    columns AS (
        SELECT
            x.oid,
            n.nspname,
            t.relname,
            x.relname AS indexrelname,
            x.relpages,
            x.reltuples,
            i.indisunique,
            count(*) AS many,
            count(s.avg_width) AS known,
            bool_or(s.null_frac > 0) AS has_nulls,
            operations.packed(
                array_agg(s.avg_width ORDER BY a.attnum),
                array_agg(a.attlen ORDER BY a.attnum),
                array_agg(a.attalign::text ORDER BY a.attnum),
                array_agg(1 - s.null_frac::float8 ORDER BY a.attnum)
            ) AS width,
            -- Equal keys are kept once only where equal means the same bytes.
            i.indnatts = i.indnkeyatts AND bool_and(EXISTS (
                SELECT FROM pg_opclass AS o
                JOIN pg_amproc AS p
                    ON p.amprocfamily = o.opcfamily AND p.amproclefttype = o.opcintype AND p.amprocnum = 4
                WHERE o.oid = i.indclass[a.attnum - 1]
            )) AS is_shared,
            exp(sum(ln(greatest(1, CASE
                WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(x.reltuples, 1) ELSE s.n_distinct
            END::float8)))) AS keys,
            coalesce((
                SELECT option_value::integer FROM pg_options_to_table(x.reloptions) WHERE option_name = 'fillfactor'
            ), 90) AS fill_factor
        FROM pg_index AS i
        JOIN pg_class AS x ON x.oid = i.indexrelid
        JOIN pg_am ON pg_am.oid = x.relam AND pg_am.amname = 'btree'
        JOIN pg_class AS t ON t.oid = i.indrelid
        JOIN pg_namespace AS n ON n.oid = t.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = x.oid
        -- A column of the table has its statistics there, an expression has them at the index.
        LEFT JOIN pg_attribute AS base
            ON base.attrelid = t.oid AND base.attnum = i.indkey[a.attnum - 1] AND base.attnum > 0
        LEFT JOIN pg_stats AS s
            ON
                s.schemaname = n.nspname
                AND s.tablename = CASE WHEN base.attnum IS NULL THEN x.relname ELSE t.relname END
                AND s.attname = coalesce(base.attname, a.attname)
                AND NOT s.inherited
        WHERE
            x.relkind = 'i'
            AND t.relkind IN ('r', 'm')
            AND x.relpages::bigint * (SELECT block FROM settings) >= 8388608
            AND x.reltuples >= 0
            AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        GROUP BY x.oid, n.nspname, t.relname, i.indexrelid
    ),

    entries AS (
        SELECT
            columns.*,
            8 * ceil((header + CASE WHEN has_nulls THEN 8 ELSE 0 END + width) / 8) + pointer AS entry,
            greatest(1, reltuples / greatest(1, CASE
                WHEN is_shared AND NOT indisunique THEN least(keys, reltuples) ELSE reltuples
            END)) AS rows_a_key
        FROM columns, settings
        WHERE known = many
    ),

    needs AS (
        SELECT
            entries.*,
            -- One page more holds what belongs to the whole index.
            1 + ceil(
                least(
                    reltuples * entry,
                    reltuples / rows_a_key * (ceil(rows_a_key / together) * entry + rows_a_key * row_pointer)
                ) / ((block - page_header) * fill_factor / 100.0)
            ) AS pages
        FROM entries, settings
    )

    SELECT
        nspname, needs.relname, indexrelname, greatest(0, 1 - pages / relpages),
        greatest(0, relpages - pages) * settings.block
    FROM needs, settings
$body$;
