-- Invalidation: first the moment is remembered, then entries go, at most as many as a step may take. Each call does both at once, so
-- that one that is cut off, repeated or overtaken leaves nothing stale behind.

-- A moment later than now would keep answers out that are true; an earlier one than is remembered says nothing new.
local function remember(name, moment, now)
  local known = tonumber(redis.call('GET', name) or 0)
  redis.call('SET', name, digits(math.max(known, math.min(moment, now))), 'PX', CONTRACT.tombstone_ms)
end

local function remember_pattern(pattern, moment, now)
  local set = CONTRACT.stale_pattern
  redis.call('ZADD', set, 'GT', digits(math.min(moment, now)), pattern)
  redis.call('ZREMRANGEBYSCORE', set, '-inf', '(' .. digits(now - CONTRACT.tombstone_ms * 1000))
  if redis.call('ZCARD', set) > CONTRACT.patterns then
    -- Each read tries every newer pattern; too many are as good as one that takes everything.
    local newest = redis.call('ZRANGE', set, -1, -1, 'WITHSCORES')
    redis.call('DEL', set)
    redis.call('ZADD', set, newest[2], CONTRACT.entry_prefix .. '*')
  end
  redis.call('PEXPIRE', set, CONTRACT.tombstone_ms)
end

BODIES.invalidate_keys = function(keys, moment)
  if #keys > CONTRACT.step then
    return redis.error_reply('ERR triptrip_invalidate_keys: ' .. mistake('the number of keys', #keys, CONTRACT.step .. ' at most'))
  end
  for _, key in ipairs(keys) do
    if not is_entry(key) then
      return redis.error_reply('ERR triptrip_invalidate_keys: ' .. mistake('a key', key, CONTRACT.entry_prefix .. '…'))
    end
  end
  local now = now_us()
  for _, key in ipairs(keys) do remember(CONTRACT.stale_key_prefix .. key, moment, now) end
  return redis.call('UNLINK', unpack(keys))
end

BODIES.invalidate_tag = function(_, tag, moment, limit)
  remember(CONTRACT.stale_tag_prefix .. tag, moment, now_us())
  local set = CONTRACT.tag_prefix .. tag
  local popped, entries = redis.call('ZPOPMIN', set, limit), {}
  for position = 1, #popped, 2 do entries[#entries + 1] = popped[position] end
  local deleted = #entries > 0 and redis.call('UNLINK', unpack(entries)) or 0
  return {deleted, redis.call('ZCARD', set)}
end

BODIES.invalidate_pattern_step = function(_, cursor, pattern, moment, limit)
  if not is_entry(pattern) or string.find(pattern, '[%?%[%]\\]') then
    return redis.error_reply('ERR triptrip_invalidate_pattern_step: '
      .. mistake('the pattern', pattern, CONTRACT.entry_prefix .. '… with * and no other wildcard'))
  end
  remember_pattern(pattern, moment, now_us())
  local answer = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', limit)
  local deleted = #answer[2] > 0 and redis.call('UNLINK', unpack(answer[2])) or 0
  return {answer[1], deleted}
end
