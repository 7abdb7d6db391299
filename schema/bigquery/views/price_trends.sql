-- Every entity's mean price day by day beside its mean of seven days and the price of a week before. Days without a price
-- are left out and shift nothing: the spans are of days, not of rows.
-- Requirements: WL-OLAP, TS-CAGG
CREATE OR REPLACE VIEW `${analytics}.price_trends`
OPTIONS (description = 'Mean price of each entity by day, its seven-day mean and its change in a week, of 400 days') AS
SELECT
    daily.day,
    daily.entity_type,
    daily.entity_id,
    daily.currency,
    daily.average_price,
    AVG(daily.average_price) OVER week AS average_price_of_week,
    MAX(daily.average_price) OVER week_before AS average_price_week_before,
    SAFE_DIVIDE(daily.average_price, MAX(daily.average_price) OVER week_before) - 1 AS change_in_week
FROM `${analytics}.daily_prices` AS daily
WHERE daily.day >= DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 400 DAY)
WINDOW
    entity AS (
        PARTITION BY daily.entity_type, daily.entity_id, daily.currency
        ORDER BY UNIX_DATE(daily.day)
    ),
    week AS (entity RANGE BETWEEN 6 PRECEDING AND CURRENT ROW),
    week_before AS (entity RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING);
