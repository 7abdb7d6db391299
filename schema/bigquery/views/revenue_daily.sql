-- Revenue of every hotel and product by JST day, of the last 400 days; any other span by the function revenue.
-- Requirements: WL-OLAP
CREATE OR REPLACE VIEW `${analytics}.revenue_daily`
OPTIONS (description = 'Revenue of each hotel and product by day in Japan, of the last 400 days') AS
SELECT
    revenue.day,
    revenue.entity_type,
    revenue.entity_id,
    revenue.currency,
    revenue.sold,
    revenue.revenue
FROM `${analytics}.revenue`(
    DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 400 DAY),
    CURRENT_DATE('Asia/Tokyo')
) AS revenue;
