-- Bookings of the last 400 days without the user's id: for everybody who may read reports.
-- Requirements: WL-OLAP, BQ-SVC
CREATE OR REPLACE VIEW `${analytics}.bookings_anonymous`
OPTIONS (description = 'Bookings of the last 400 days, without who made them') AS
SELECT
    bookings.booked_on,
    bookings.booking_id,
    bookings.hotel_id,
    bookings.status,
    bookings.check_in,
    bookings.check_out,
    bookings.guests,
    bookings.total_price,
    bookings.currency
FROM `${analytics}.bookings` AS bookings
WHERE bookings.booked_on >= DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 400 DAY);
