-- Bring the lines of orders that changed in PostgreSQL within three days; otherwise as load_bookings.
-- Requirements: BQ-SVC, WL-OLAP
CREATE OR REPLACE PROCEDURE `${analytics}.load_order_items` ()
BEGIN
    MERGE `${analytics}.order_items` AS held
    USING (
        SELECT
            DATE(changed.ordered_at, 'Asia/Tokyo') AS ordered_on,
            changed.order_id,
            changed.line,
            changed.ordered_at,
            changed.updated_at,
            changed.user_id,
            changed.product_id,
            changed.status,
            changed.quantity,
            changed.unit_price,
            changed.currency
        FROM EXTERNAL_QUERY(
            '${connection}',
            '''
            SELECT
                orders.id::text AS order_id, items.line, orders.created_at AS ordered_at, orders.updated_at,
                orders.user_id::text AS user_id, items.product_id::text AS product_id, orders.status, items.quantity,
                items.unit_price, orders.currency
            FROM public.orders AS orders
            INNER JOIN public.order_items AS items
                ON items.user_id = orders.user_id AND items.order_created_at = orders.created_at
                AND items.order_id = orders.id
            WHERE orders.updated_at >= now() - interval '3 days' AND orders.created_at >= now() - interval '790 days'
            '''
        ) AS changed
    ) AS given
        ON
            held.ordered_on >= DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 800 DAY)
            AND held.ordered_on = given.ordered_on
            AND held.order_id = given.order_id
            AND held.line = given.line
    WHEN MATCHED AND held.updated_at < given.updated_at THEN
        UPDATE SET
            updated_at = given.updated_at,
            status = given.status
    WHEN NOT MATCHED THEN
        INSERT (
            ordered_on, order_id, line, ordered_at, updated_at, user_id, product_id, status, quantity, unit_price,
            currency
        )
        VALUES (
            given.ordered_on, given.order_id, given.line, given.ordered_at, given.updated_at, given.user_id,
            given.product_id, given.status, given.quantity, given.unit_price, given.currency
        );
END;
