-- Prices of hotels, tours and the like as they were observed (Doc-DA-002, 3.3.2).
CREATE TABLE price_metrics (
    time timestamptz NOT NULL,
    entity_type varchar(20) NOT NULL,
    entity_id uuid NOT NULL,
    price decimal(10, 2) NOT NULL,
    currency varchar(3) DEFAULT 'JPY',
    competitor_avg_price decimal(10, 2),
    demand_index decimal(5, 2),
    occupancy_rate decimal(5, 4),
    metadata jsonb DEFAULT '{}'
);

SELECT create_hypertable('price_metrics', by_range('time', interval '1 day'));

ALTER TABLE price_metrics SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'entity_type, entity_id',
    timescaledb.orderby = 'time DESC'
);
