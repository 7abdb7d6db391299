-- Write the summary of some days anew, all of them in one statement: a reader sees the old days or the new ones.
-- Requirements: WL-OLAP, COST-OPT
CREATE OR REPLACE PROCEDURE `${analytics}.refresh_bookings_daily` (first_day DATE, last_day DATE)
BEGIN
    MERGE `${analytics}.bookings_daily` AS held
    USING (
        SELECT
            bookings.booked_on AS day,
            bookings.hotel_id,
            bookings.currency,
            COUNTIF(bookings.status IN ('confirmed', 'completed')) AS bookings,
            COUNTIF(bookings.status = 'cancelled') AS cancellations,
            SUM(IF(bookings.status IN ('confirmed', 'completed'), bookings.total_price, 0)) AS revenue,
            AVG(
                IF(
                    bookings.status IN ('confirmed', 'completed'),
                    DATE_DIFF(bookings.check_in, bookings.booked_on, DAY),
                    NULL
                )
            ) AS average_lead_days,
            AVG(IF(bookings.status IN ('confirmed', 'completed'), bookings.guests, NULL)) AS average_party_size
        FROM `${analytics}.bookings` AS bookings
        WHERE
            bookings.booked_on BETWEEN first_day AND last_day
            AND bookings.status != 'pending'
        GROUP BY bookings.booked_on, bookings.hotel_id, bookings.currency
    ) AS given
        ON FALSE
    WHEN NOT MATCHED BY SOURCE AND held.day BETWEEN first_day AND last_day THEN
        DELETE
    WHEN NOT MATCHED THEN
        INSERT (
            day, hotel_id, currency, bookings, cancellations, revenue, average_lead_days, average_party_size
        )
        VALUES (
            given.day, given.hotel_id, given.currency, given.bookings, given.cancellations, given.revenue,
            given.average_lead_days, given.average_party_size
        );
END;
