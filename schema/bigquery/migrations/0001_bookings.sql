-- Bookings of hotels, one row each as it stands now, loaded from PostgreSQL by load_bookings.
-- Kept by the JST day they were made on, so that a report of a day reads that day alone.
-- Requirements: BQ-SVC, WL-OLAP
CREATE TABLE IF NOT EXISTS `${analytics}.bookings` (
    booked_on DATE NOT NULL OPTIONS (description = 'Day in Japan on which it was made'),
    booking_id STRING NOT NULL OPTIONS (description = 'Id of the booking in PostgreSQL'),
    booked_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was made'),
    updated_at TIMESTAMP NOT NULL OPTIONS (description = 'When it last changed in PostgreSQL'),
    user_id STRING NOT NULL OPTIONS (description = 'Pseudonymous id of the user'),
    hotel_id STRING NOT NULL OPTIONS (description = 'Id of the hotel in PostgreSQL'),
    status STRING NOT NULL OPTIONS (description = 'pending, confirmed, cancelled or completed'),
    check_in DATE NOT NULL OPTIONS (description = 'First night'),
    check_out DATE NOT NULL OPTIONS (description = 'Day of departure, the day after the last night'),
    guests INTEGER NOT NULL OPTIONS (description = 'People who travel'),
    total_price NUMERIC NOT NULL OPTIONS (description = 'Price of the whole stay in the currency beside it'),
    currency STRING NOT NULL OPTIONS (description = 'ISO 4217 code, e.g. JPY')
)
PARTITION BY booked_on
CLUSTER BY hotel_id, status
OPTIONS (
    require_partition_filter = TRUE,
    description = 'Bookings of hotels, one row each as it stands now',
    labels = [('layer', 'facts')]
);
