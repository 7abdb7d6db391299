-- What the schemas of a store hold, as the server's catalogue says: an object a row, what it is part of, its definition.
-- Left out: what belongs to an extension, and partitions with what they have from their parent: the upkeep makes and drops
-- them; and types of one's own, of which no file makes any.
WITH spaces AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = ANY(%(schemas)s)
),

extension_members AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),

relations AS (
    SELECT
        c.oid,
        c.relkind,
        c.relowner,
        c.relacl,
        format('%%I.%%I', s.nspname, c.relname) AS name,
        CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END
            AS kind,
        concat_ws(
            ', ',
            'owner ' || pg_get_userbyid(c.relowner),
            CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
            CASE WHEN c.relrowsecurity THEN 'row level security' END,
            CASE WHEN c.relkind = 'p' THEN 'partition by ' || pg_get_partkeydef(c.oid) END,
            array_to_string(c.reloptions, ', ')
        ) AS definition
    FROM pg_class AS c
    JOIN spaces AS s ON s.oid = c.relnamespace
    WHERE
        c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND NOT c.relispartition
        AND ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM extension_members)
),

routines AS (
    SELECT
        p.oid,
        p.proowner,
        p.proacl,
        format('%%I.%%I(%%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
        format('owner %%s%%s%%s', pg_get_userbyid(p.proowner), chr(10), pg_get_functiondef(p.oid)) AS definition
    FROM pg_proc AS p
    JOIN spaces AS s ON s.oid = p.pronamespace
    WHERE
        p.prokind IN ('f', 'p')
        AND ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM extension_members)
),

grants AS (
    SELECT kind || ' ' || name AS object, relowner AS owner, relacl AS entries FROM relations
    UNION ALL
    SELECT 'routine ' || name, proowner, coalesce(proacl, acldefault('f', proowner)) FROM routines
    UNION ALL
    -- Who may enter a schema that is somebody else's is theirs to say.
    SELECT 'schema ' || nspname, nspowner, nspacl FROM spaces WHERE nspowner = quote_ident(current_user)::regrole
),

column_grants AS (
    SELECT r.kind || ' ' || r.name AS object, r.relowner AS owner, a.attname, a.attacl AS entries
    FROM relations AS r
    JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
),

rights AS (
    SELECT g.object, g.owner, g.object AS place, e.* FROM grants AS g, aclexplode(g.entries) AS e
    UNION ALL
    SELECT g.object, g.owner, format('column %%I of %%s', g.attname, g.object), e.*
    FROM column_grants AS g, aclexplode(g.entries) AS e
),

parts AS (
    SELECT
        a.attrelid AS relation,
        'column' AS kind,
        a.attname AS name,
        concat_ws(
            ' ',
            format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation::text END,
            CASE WHEN a.attnotnull THEN 'not null' END,
            CASE a.attgenerated WHEN 's' THEN 'generated ' ELSE 'default ' END || pg_get_expr(d.adbin, d.adrelid),
            CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END
        ) AS definition
    FROM pg_attribute AS a
    JOIN relations AS r ON r.oid = a.attrelid AND r.kind = 'table'
    JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT conrelid, 'constraint', conname, pg_get_constraintdef(oid) || CASE WHEN convalidated THEN '' ELSE ' (not validated)' END
    FROM pg_constraint
    WHERE conparentid = 0 AND contype NOT IN ('n', 't')
    UNION ALL
    SELECT i.indrelid, 'index', c.relname, pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' (not whole)' END
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid IN (SELECT oid FROM relations)
    UNION ALL
    SELECT
        tgrelid,
        'trigger',
        tgname,
        pg_get_triggerdef(oid) || CASE tgenabled WHEN 'O' THEN '' WHEN 'D' THEN ' (disabled)' ELSE ' (enabled otherwise)' END
    FROM pg_trigger
    WHERE tgparentid = 0 AND NOT tgisinternal
    UNION ALL
    SELECT
        polrelid,
        'row policy',
        polname,
        concat_ws(
            ' ', polcmd, array_to_string(polroles::regrole[], ', '), pg_get_expr(polqual, polrelid),
            pg_get_expr(polwithcheck, polrelid)
        )
    FROM pg_policy
)

SELECT kind || ' ' || name AS object, '' AS parent, definition
FROM relations
UNION ALL
SELECT 'schema ' || nspname, '', 'owner ' || pg_get_userbyid(nspowner)
FROM spaces
WHERE nspowner = quote_ident(current_user)::regrole
UNION ALL
-- A continuous aggregate reads a hypertable that TimescaleDB numbers; made anew, it has another number and is the same.
SELECT
    format('query of %%s %%s', kind, name),
    kind || ' ' || name,
    regexp_replace(pg_get_viewdef(oid), '_materialized_hypertable_\d+', '_materialized_hypertable', 'g')
FROM relations
WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'routine ' || name, '', definition
FROM routines
UNION ALL
SELECT format('%%s %%I of %%s %%s', p.kind, p.name, r.kind, r.name), r.kind || ' ' || r.name, p.definition
FROM parts AS p
JOIN relations AS r ON r.oid = p.relation
UNION ALL
SELECT
    format('rights of %%s on %%s', CASE grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(grantee) END, place),
    object,
    string_agg(
        privilege_type || CASE WHEN is_grantable THEN ' (to hand on)' ELSE '' END, ', ' ORDER BY privilege_type
    )
FROM rights
WHERE grantee <> owner
GROUP BY grantee, place, object
UNION ALL
SELECT
    format(
        'default rights of %%s for kind %%s%%s', pg_get_userbyid(d.defaclrole), d.defaclobjtype, ' in schema ' || s.nspname
    ),
    '',
    array_to_string(array(SELECT unnest(d.defaclacl)::text ORDER BY 1), ', ')
FROM pg_default_acl AS d
LEFT JOIN spaces AS s ON s.oid = d.defaclnamespace
WHERE d.defaclrole = quote_ident(current_user)::regrole AND (d.defaclnamespace = 0 OR s.oid IS NOT NULL)
ORDER BY 1
