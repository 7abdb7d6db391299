SELECT
  DATE(observed_at, '${zone}') AS day,
  entity_type,
  entity_id,
  currency,
  MIN(price) AS lowest_price,
  MAX(price) AS highest_price,
  AVG(price) AS average_price,
  AVG(demand_index) AS average_demand,
  COUNT(*) AS observations
FROM `${price_history}`
WHERE
  observed_at >= TIMESTAMP(DATE_SUB(DATE(@run_time, '${zone}'), INTERVAL 1 DAY), '${zone}')
  AND observed_at < TIMESTAMP(DATE(@run_time, '${zone}'), '${zone}')
GROUP BY day, entity_type, entity_id, currency
