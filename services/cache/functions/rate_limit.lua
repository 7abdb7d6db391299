-- Rate limits: the moments of the admitted requests in a list, oldest first, so that the window slides by the microsecond.

BODIES.rate_limit = function(keys, limit, window_ms)
  local budget, window = keys[1], window_ms * 1000
  -- After a failover the clock may be behind the one that wrote the list; its order must hold.
  local newest = tonumber(redis.call('LINDEX', budget, -1) or 0)
  local now = math.max(now_us(), newest)
  local oldest = tonumber(redis.call('LINDEX', budget, 0) or now)
  while oldest <= now - window do
    redis.call('LPOP', budget)
    oldest = tonumber(redis.call('LINDEX', budget, 0) or now)
  end
  local count = redis.call('LLEN', budget)
  local admitted = count < limit
  if admitted then
    redis.call('RPUSH', budget, digits(now))
    redis.call('PEXPIRE', budget, window_ms)
    count = count + 1
  end
  return {admitted and 1 or 0, math.max(0, limit - count), math.ceil((oldest + window - now) / 1000)}
end
