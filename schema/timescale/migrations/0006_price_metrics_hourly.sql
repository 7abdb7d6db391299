-- Prices by the hour (TS-CAGG; Doc-DA-002, 3.3.2). It is filled by its refresh policy in policies.yaml.
CREATE MATERIALIZED VIEW price_metrics_hourly
WITH (timescaledb.continuous) AS
SELECT
    time_bucket('1 hour', time) AS bucket,
    entity_type,
    entity_id,
    avg(price) AS avg_price,
    min(price) AS min_price,
    max(price) AS max_price,
    avg(demand_index) AS avg_demand,
    count(*) AS sample_count
FROM price_metrics
GROUP BY bucket, entity_type, entity_id
WITH NO DATA;
