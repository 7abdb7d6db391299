-- Write the features of some days anew, all of them in one statement. Each day is described by what was known when it
-- began: a feature of the day itself would tell the model what it is to foretell.
-- Requirements: BQ-SVC (machine learning)
CREATE OR REPLACE PROCEDURE `${analytics}.refresh_hotel_features` (first_day DATE, last_day DATE)
BEGIN
    MERGE `${analytics}.hotel_features` AS held
    USING (
        WITH offers AS (
            SELECT
                DATE_ADD(DATE(prices.observed_at, 'Asia/Tokyo'), INTERVAL 1 DAY) AS day,
                prices.entity_id AS hotel_id,
                AVG(prices.price) AS average_price,
                AVG(prices.demand_index) AS average_demand,
                AVG(prices.occupancy_rate) AS average_occupancy
            FROM `${raw}.price_history` AS prices
            WHERE
                prices.observed_at >= TIMESTAMP(DATE_SUB(first_day, INTERVAL 1 DAY), 'Asia/Tokyo')
                AND prices.observed_at < TIMESTAMP(last_day, 'Asia/Tokyo')
                AND prices.entity_type = 'hotel'
            GROUP BY day, hotel_id
        ),

        sales AS (
            SELECT
                daily.day,
                daily.hotel_id,
                SUM(daily.bookings) AS bookings
            FROM `${analytics}.bookings_daily` AS daily
            WHERE daily.day BETWEEN DATE_SUB(first_day, INTERVAL 7 DAY) AND last_day
            GROUP BY daily.day, daily.hotel_id
        )

        SELECT
            offers.day,
            offers.hotel_id,
            EXTRACT(DAYOFWEEK FROM offers.day) AS weekday,
            EXTRACT(MONTH FROM offers.day) AS month,
            offers.average_price,
            offers.average_demand,
            offers.average_occupancy,
            SUM(IF(sales.day < offers.day, sales.bookings, 0)) AS bookings_of_week_before,
            SUM(IF(sales.day = offers.day, sales.bookings, 0)) AS bookings
        FROM offers
        LEFT JOIN sales
            ON
                offers.hotel_id = sales.hotel_id
                AND sales.day BETWEEN DATE_SUB(offers.day, INTERVAL 7 DAY) AND offers.day
        GROUP BY
            offers.day, offers.hotel_id, offers.average_price, offers.average_demand, offers.average_occupancy
    ) AS given
        ON FALSE
    WHEN NOT MATCHED BY SOURCE AND held.day BETWEEN first_day AND last_day THEN
        DELETE
    WHEN NOT MATCHED THEN
        INSERT (
            day, hotel_id, weekday, month, average_price, average_demand, average_occupancy, bookings_of_week_before,
            bookings
        )
        VALUES (
            given.day, given.hotel_id, given.weekday, given.month, given.average_price, given.average_demand,
            given.average_occupancy, given.bookings_of_week_before, given.bookings
        );
END;
