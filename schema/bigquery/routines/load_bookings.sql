-- Bring the bookings that changed in PostgreSQL within three days; to be called every few hours, and after a pause of more
-- than that by hand for as long as it lasted. Asked of a read replica, over the private path.
-- A booking is changed for two years at most: 790 days are read there, and looked for in 800 days here.
-- Requirements: BQ-SVC, WL-OLAP
CREATE OR REPLACE PROCEDURE `${analytics}.load_bookings` ()
BEGIN
    MERGE `${analytics}.bookings` AS held
    USING (
        SELECT
            DATE(changed.created_at, 'Asia/Tokyo') AS booked_on,
            changed.id AS booking_id,
            changed.created_at AS booked_at,
            changed.updated_at,
            changed.user_id,
            changed.hotel_id,
            changed.status,
            changed.check_in,
            changed.check_out,
            changed.guests,
            changed.total_price,
            changed.currency
        FROM EXTERNAL_QUERY(
            '${connection}',
            '''
            SELECT
                id::text AS id, created_at, updated_at, user_id::text AS user_id, hotel_id::text AS hotel_id, status,
                check_in, check_out, guests, total_price, currency
            FROM public.bookings
            WHERE updated_at >= now() - interval '3 days' AND created_at >= now() - interval '790 days'
            '''
        ) AS changed
    ) AS given
        ON
            held.booked_on >= DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 800 DAY)
            AND held.booked_on = given.booked_on
            AND held.booking_id = given.booking_id
    WHEN MATCHED AND held.updated_at < given.updated_at THEN
        UPDATE SET
            updated_at = given.updated_at,
            status = given.status,
            check_in = given.check_in,
            check_out = given.check_out,
            guests = given.guests,
            total_price = given.total_price,
            currency = given.currency
    WHEN NOT MATCHED THEN
        INSERT (
            booked_on, booking_id, booked_at, updated_at, user_id, hotel_id, status, check_in, check_out, guests,
            total_price, currency
        )
        VALUES (
            given.booked_on, given.booking_id, given.booked_at, given.updated_at, given.user_id, given.hotel_id,
            given.status, given.check_in, given.check_out, given.guests, given.total_price, given.currency
        );
END;
