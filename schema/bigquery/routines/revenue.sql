-- Revenue of every hotel and product by JST day, for any span of days; only the days asked for are read.
-- Requirements: WL-OLAP, COST-OPT
CREATE OR REPLACE TABLE FUNCTION `${analytics}.revenue` (first_day DATE, last_day DATE)
AS (
    SELECT
        bookings.booked_on AS day,
        'hotel' AS entity_type,
        bookings.hotel_id AS entity_id,
        bookings.currency,
        COUNT(*) AS sold,
        SUM(bookings.total_price) AS revenue
    FROM `${analytics}.bookings` AS bookings
    WHERE
        bookings.booked_on BETWEEN first_day AND last_day
        AND bookings.status IN ('confirmed', 'completed')
    GROUP BY bookings.booked_on, bookings.hotel_id, bookings.currency
    UNION ALL
    SELECT
        items.ordered_on AS day,
        'product' AS entity_type,
        items.product_id AS entity_id,
        items.currency,
        SUM(items.quantity) AS sold,
        SUM(items.quantity * items.unit_price) AS revenue
    FROM `${analytics}.order_items` AS items
    WHERE
        items.ordered_on BETWEEN first_day AND last_day
        AND items.status IN ('paid', 'shipped', 'completed')
    GROUP BY items.ordered_on, items.product_id, items.currency
);
