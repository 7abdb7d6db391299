-- How far the sessions of a JST day came: search, hotel, booking begun, booking made. A session counts for the day of its
-- first event, and for every step up to the furthest it reached; an event that was sent twice changes nothing.
-- Requirements: WL-OLAP, TS-HYPER (user_analytics_events)
CREATE OR REPLACE VIEW `${analytics}.funnel_daily`
OPTIONS (description = 'Sessions of each day in Japan by the furthest step they reached, of the last 90 days') AS
WITH sessions AS (
    SELECT
        DATE(MIN(events.occurred_at), 'Asia/Tokyo') AS day,
        events.session_id,
        MAX(
            CASE events.event_type
                WHEN 'search_performed' THEN 1
                WHEN 'hotel_viewed' THEN 2
                WHEN 'booking_started' THEN 3
                WHEN 'booking_completed' THEN 4
                ELSE 0
            END
        ) AS furthest
    FROM `${raw}.events` AS events
    WHERE
        events.occurred_at >= TIMESTAMP(DATE_SUB(CURRENT_DATE('Asia/Tokyo'), INTERVAL 90 DAY), 'Asia/Tokyo')
        AND events.session_id IS NOT NULL
    GROUP BY events.session_id
)

SELECT
    sessions.day,
    COUNT(*) AS sessions,
    COUNTIF(sessions.furthest >= 1) AS searched,
    COUNTIF(sessions.furthest >= 2) AS viewed,
    COUNTIF(sessions.furthest >= 3) AS started,
    COUNTIF(sessions.furthest >= 4) AS booked,
    SAFE_DIVIDE(COUNTIF(sessions.furthest >= 4), COUNT(*)) AS conversion
FROM sessions
GROUP BY sessions.day;
