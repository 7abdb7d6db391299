-- How the systems perform, one value a row (Doc-DA-002, 3.3.1, which names no columns).
CREATE TABLE system_metrics (
    time timestamptz NOT NULL,
    service varchar(50) NOT NULL,
    metric varchar(100) NOT NULL,
    instance varchar(100) NOT NULL,
    value double precision NOT NULL,
    labels jsonb DEFAULT '{}'
);

SELECT create_hypertable('system_metrics', by_range('time', interval '1 hour'));

ALTER TABLE system_metrics SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'service, metric',
    timescaledb.orderby = 'time DESC'
);
