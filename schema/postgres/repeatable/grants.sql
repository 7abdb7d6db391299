-- Who may do what, in one place: taken away from everybody and given anew in the same transaction.
--
--   triptrip_write    the application: rows, never definitions
--   triptrip_read     programs that only read: no contact data of users
--   triptrip_report   people and BigQuery: the same, and what the upkeep says
--   triptrip_pooler   the read router: the heartbeat alone
--   triptrip_monitor  the exporters beside the pooler: how much, how often, how late, and no row

-- Of what is ours alone: a table that somebody else made beside is theirs to hand out.
DO $body$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT 'TABLE' AS kind, c.oid::regclass::text AS name, a.grantee
        FROM pg_class AS c, aclexplode(c.relacl) AS a
        WHERE c.relnamespace IN ('public'::regnamespace, 'operations'::regnamespace)
        AND c.relowner = quote_ident(current_user)::regrole AND a.grantee <> c.relowner
        UNION
        SELECT 'TABLE', c.oid::regclass::text, a.grantee
        FROM pg_class AS c JOIN pg_attribute ON pg_attribute.attrelid = c.oid, aclexplode(pg_attribute.attacl) AS a
        WHERE c.relnamespace IN ('public'::regnamespace, 'operations'::regnamespace)
        AND c.relowner = quote_ident(current_user)::regrole AND a.grantee <> c.relowner
        UNION
        SELECT 'ROUTINE', p.oid::regprocedure::text, a.grantee
        FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE p.pronamespace IN ('public'::regnamespace, 'operations'::regnamespace)
        AND p.proowner = quote_ident(current_user)::regrole AND a.grantee <> p.proowner
        UNION
        SELECT 'SCHEMA', n.oid::regnamespace::text, a.grantee
        FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
        WHERE n.nspname = 'operations' AND a.grantee <> n.nspowner
    LOOP
        EXECUTE format(
            'REVOKE ALL ON %s %s FROM %s CASCADE', given.kind, given.name,
            CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(given.grantee)) END
        );
    END LOOP;
END
$body$;

GRANT USAGE ON SCHEMA operations
TO triptrip_write, triptrip_read, triptrip_report, triptrip_pooler, triptrip_monitor;

GRANT SELECT, INSERT, UPDATE ON
public.hotels, public.attractions, public.products, public.users, public.user_emails, public.bookings, public.orders
TO triptrip_write;
GRANT SELECT, INSERT ON public.order_items, public.user_activities TO triptrip_write;
-- A user who leaves takes the addresses along; bookings and orders are kept by law.
GRANT DELETE ON public.user_emails TO triptrip_write;
GRANT EXECUTE ON FUNCTION operations.uuid_v7() TO triptrip_write;

GRANT SELECT ON
public.hotels, public.attractions, public.products, public.bookings, public.orders, public.order_items,
public.user_activities, public.hotel_listing, public.attraction_listing, public.product_listing
TO triptrip_read, triptrip_report, triptrip_write;
GRANT SELECT (id, locale, country, is_active, created_at) ON public.users TO triptrip_read, triptrip_report;

GRANT SELECT ON operations.heartbeat, operations.refreshes TO triptrip_report;
GRANT SELECT ON operations.heartbeat TO triptrip_read, triptrip_write;
GRANT EXECUTE ON FUNCTION operations.beat(), operations.replay_delay() TO triptrip_pooler;
GRANT EXECUTE ON FUNCTION operations.replay_delay() TO triptrip_read, triptrip_write, triptrip_report, triptrip_monitor;
GRANT EXECUTE ON FUNCTION operations.table_bloat(), operations.index_bloat() TO triptrip_monitor, triptrip_report;
