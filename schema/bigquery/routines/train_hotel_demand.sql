-- Learn how many bookings a hotel gets on a day from what was known the day before; to be called once a week. The model
-- lies in ml, where what is not made anew deletes itself. A linear one: it costs a fraction of a boosted tree (COST-OPT).
-- Requirements: BQ-SVC (machine learning), COST-OPT
CREATE OR REPLACE PROCEDURE `${ml}.train_hotel_demand` ()
BEGIN
    CREATE OR REPLACE MODEL `${ml}.hotel_demand`
    OPTIONS (model_type = 'LINEAR_REG', input_label_cols = ['bookings']) AS
    SELECT
        CAST(features.weekday AS STRING) AS weekday,
        CAST(features.month AS STRING) AS month,
        features.average_price,
        features.average_demand,
        features.average_occupancy,
        features.bookings_of_week_before,
        features.bookings
    FROM `${analytics}.hotel_features` AS features
    WHERE
        features.day >= DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 365 DAY)
        AND features.day < CURRENT_DATE('Asia/Tokyo');
END;
