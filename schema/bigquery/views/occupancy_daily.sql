-- Nights sold of each hotel beside the share of its rooms that was taken when its prices were observed.
-- Requirements: WL-OLAP
CREATE OR REPLACE VIEW `${analytics}.occupancy_daily`
OPTIONS (description = 'Stays, guests and observed occupancy of each hotel by night, of the last 400 days') AS
WITH sold AS (
    SELECT
        night AS day,
        bookings.hotel_id,
        COUNT(*) AS stays,
        SUM(bookings.guests) AS guests
    FROM `${analytics}.bookings` AS bookings
    CROSS JOIN UNNEST(`${analytics}.stay_nights`(bookings.check_in, bookings.check_out)) AS night
    WHERE
        bookings.booked_on >= DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 800 DAY)
        AND bookings.status IN ('confirmed', 'completed')
        AND night >= DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 400 DAY)
    GROUP BY day, bookings.hotel_id
),

observed AS (
    SELECT
        DATE(prices.observed_at, 'Asia/Tokyo') AS day,
        prices.entity_id AS hotel_id,
        AVG(prices.occupancy_rate) AS occupancy_rate
    FROM `${raw}.price_history` AS prices
    WHERE
        prices.observed_at >= TIMESTAMP(DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 400 DAY), 'Asia/Tokyo')
        AND prices.entity_type = 'hotel'
    GROUP BY day, hotel_id
)

SELECT
    COALESCE(sold.day, observed.day) AS day,
    COALESCE(sold.hotel_id, observed.hotel_id) AS hotel_id,
    COALESCE(sold.stays, 0) AS stays,
    COALESCE(sold.guests, 0) AS guests,
    observed.occupancy_rate
FROM sold
FULL OUTER JOIN observed
    ON sold.day = observed.day AND sold.hotel_id = observed.hotel_id;
