-- What users do, one event a row (Doc-DA-002, 3.3.1, which names no columns). The key lets a producer send an event
-- twice and store it once; a key of a hypertable must contain its time.
CREATE TABLE user_analytics_events (
    time timestamptz NOT NULL,
    event_id uuid NOT NULL,
    event_type varchar(50) NOT NULL,
    user_id uuid,
    session_id uuid,
    entity_type varchar(20),
    entity_id uuid,
    properties jsonb DEFAULT '{}',
    PRIMARY KEY (event_id, time)
);

SELECT create_hypertable('user_analytics_events', by_range('time', interval '1 day'));

ALTER TABLE user_analytics_events SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'event_type',
    timescaledb.orderby = 'time DESC, event_id'
);
