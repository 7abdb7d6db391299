-- What a model of demand learns from: each hotel's day with what was known the day before, and the bookings it then had.
-- Written by refresh_hotel_features, read by train_hotel_demand. It lies in analytics: tables of ml delete themselves.
-- Requirements: BQ-SVC (machine learning)
CREATE TABLE IF NOT EXISTS `${analytics}.hotel_features` (
    day DATE NOT NULL OPTIONS (description = 'Day in Japan'),
    hotel_id STRING NOT NULL OPTIONS (description = 'Id of the hotel in PostgreSQL'),
    weekday INTEGER NOT NULL OPTIONS (description = '1 Sunday to 7 Saturday'),
    month INTEGER NOT NULL OPTIONS (description = '1 to 12'),
    average_price NUMERIC OPTIONS (description = 'Mean price offered the day before'),
    average_demand NUMERIC OPTIONS (description = 'Mean demand index of the day before, 1 = yearly mean'),
    average_occupancy NUMERIC OPTIONS (description = 'Mean share of rooms taken the day before, 0 to 1'),
    bookings_of_week_before INTEGER NOT NULL OPTIONS (description = 'Bookings made on the seven days before'),
    bookings INTEGER NOT NULL OPTIONS (description = 'Bookings made on the day: what is to be foretold')
)
PARTITION BY day
CLUSTER BY hotel_id
OPTIONS (
    require_partition_filter = TRUE,
    description = 'Each hotel day by day: what was known before, and the bookings it had',
    partition_expiration_days = 730,
    labels = [('layer', 'features')]
);
