-- Rows of every table of the database it is run in, in one statement: schema, table, count, in the order of the names.
--
-- Cloud SQL exports the result of one SELECT as CSV (without a header), so tables that are known only at run time have
-- to be counted inside an expression: query_to_xml runs a statement, and sees the same snapshot as this one.
--
-- A partitioned table is counted by its partitions, a parent of other tables without them. What belongs to an extension
-- is made by it; temporary tables lie in schemas of pg_.
SELECT
    tables.nspname AS schema_name,
    tables.relname AS table_name,
    substring(
        query_to_xml(
            format('SELECT count(*) AS counted FROM ONLY %I.%I', tables.nspname, tables.relname), false, true, ''
        )::text FROM '<counted>([0-9]+)</counted>'
    )::bigint AS row_count
FROM (
    SELECT
        n.nspname,
        c.relname
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    WHERE
        c.relkind = 'r'
        AND n.nspname <> 'information_schema'
        AND left(n.nspname, 3) <> 'pg_'
        AND NOT EXISTS (
            SELECT 1
            FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
        )
) AS tables
ORDER BY tables.nspname, tables.relname
