-- Bookings and cancellations, counted (Doc-DA-002, 3.3.2).
CREATE TABLE booking_metrics (
    time timestamptz NOT NULL,
    booking_type varchar(20) NOT NULL,
    partner_id uuid,
    entity_id uuid,
    region varchar(50),
    bookings_count integer DEFAULT 0,
    cancellations_count integer DEFAULT 0,
    revenue decimal(12, 2) DEFAULT 0,
    avg_lead_time_hours decimal(8, 2),
    avg_party_size decimal(4, 2)
);

-- As asked; COR-20 advises a day: an hour of bookings is too little to compress well (chunk of policies.yaml).
SELECT create_hypertable('booking_metrics', by_range('time', interval '1 hour'));

-- By type alone: a finer segment would hold only a few rows of an hour, and a segment is what is compressed together.
ALTER TABLE booking_metrics SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'booking_type',
    timescaledb.orderby = 'time DESC'
);
