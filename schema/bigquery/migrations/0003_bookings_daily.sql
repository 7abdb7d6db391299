-- Bookings added up by hotel and JST day, written by refresh_bookings_daily: dashboards read kilobytes, not the bookings
-- (COST-OPT). The figures are those of booking_metrics (TS-HYPER; Doc-DA-002 chapter 3.3.2).
-- Requirements: WL-OLAP, COST-OPT
CREATE TABLE IF NOT EXISTS `${analytics}.bookings_daily` (
    day DATE NOT NULL OPTIONS (description = 'Day in Japan on which the bookings were made'),
    hotel_id STRING NOT NULL OPTIONS (description = 'Id of the hotel in PostgreSQL'),
    currency STRING NOT NULL OPTIONS (description = 'ISO 4217 code, e.g. JPY'),
    bookings INTEGER NOT NULL OPTIONS (description = 'Bookings that stand: confirmed or completed'),
    cancellations INTEGER NOT NULL OPTIONS (description = 'Bookings of the day that were cancelled since'),
    revenue NUMERIC NOT NULL OPTIONS (description = 'Price of the bookings that stand'),
    average_lead_days FLOAT64 OPTIONS (description = 'Mean days from booking to arrival, of those that stand'),
    average_party_size FLOAT64 OPTIONS (description = 'Mean guests, of those that stand')
)
PARTITION BY day
CLUSTER BY hotel_id
OPTIONS (
    require_partition_filter = TRUE,
    description = 'Bookings, cancellations and revenue of each hotel day by day',
    labels = [('layer', 'summary')]
);
