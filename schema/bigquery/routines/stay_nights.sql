-- The nights of a stay: from the day of arrival to the last one before departure.
-- Requirements: WL-OLAP
CREATE OR REPLACE FUNCTION `${analytics}.stay_nights`(check_in DATE, check_out DATE)
RETURNS ARRAY<DATE>
AS (
    GENERATE_DATE_ARRAY(check_in, DATE_SUB(check_out, INTERVAL 1 DAY))
);
