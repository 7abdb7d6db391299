-- Locks: a holder is its token, and each acquisition has a fencing number that only grows.

BODIES.lock_acquire = function(keys, token, lifetime_ms)
  local lock, fence = keys[1], keys[2]
  local holder = redis.call('GET', lock)
  local last = tonumber(redis.call('GET', fence) or 0)
  if holder == token and last > 0 then
    -- The same request again, whose answer was lost.
    redis.call('PEXPIRE', lock, lifetime_ms)
    return last
  end
  if holder and holder ~= token then return false end
  -- A number that was evicted, or lost in a failover, would begin anew; the clock has passed it.
  local number = math.max(last + 1, now_us())
  redis.call('SET', fence, digits(number), 'PX', CONTRACT.fence_ms)
  redis.call('SET', lock, token, 'PX', lifetime_ms)
  return number
end

BODIES.lock_renew = function(keys, token, lifetime_ms)
  if redis.call('GET', keys[1]) ~= token then return 0 end
  return redis.call('PEXPIRE', keys[1], lifetime_ms)
end

BODIES.lock_release = function(keys, token)
  if redis.call('GET', keys[1]) ~= token then return 0 end
  return redis.call('DEL', keys[1])
end
