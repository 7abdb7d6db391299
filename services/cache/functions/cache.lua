-- Answers of the API, each filed under its tags. An entry begins with the moment of which it is true and its tags, then a line end,
-- then the value: whoever reads it sees whether an invalidation came after that moment, deleted or not.

local function is_entry(key)
  return string.sub(key, 1, #CONTRACT.entry_prefix) == CONTRACT.entry_prefix
end

-- "*" stands for any number of characters, everything else for itself. Each part is looked for after the one before, so that
-- many asterisks take no longer than one.
local function matches(pattern, key)
  local position, from = 1, 1
  while true do
    local star = string.find(pattern, '*', from, true)
    local part = string.sub(pattern, from, (star or 0) - 1)
    if not star then
      if from == 1 then return pattern == key end
      return #key - #part >= position - 1 and string.sub(key, #key - #part + 1) == part
    end
    local first, last = string.find(key, part, position, true)
    if not first or (from == 1 and first ~= 1) then return false end
    position, from = last + 1, star + 1
  end
end

-- Whether an invalidation of the key, of one of the tags or of a pattern came at or after a moment.
local function is_stale(key, tags, as_of)
  local names = {CONTRACT.stale_key_prefix .. key}
  for _, tag in ipairs(tags) do names[#names + 1] = CONTRACT.stale_tag_prefix .. tag end
  for _, moment in ipairs(redis.call('MGET', unpack(names))) do
    if moment and tonumber(moment) >= as_of then return true end
  end
  for _, pattern in ipairs(redis.call('ZRANGE', CONTRACT.stale_pattern, digits(as_of), '+inf', 'BYSCORE')) do
    if matches(pattern, key) then return true end
  end
  return false
end

-- A set of a tag outlives its longest entry: its time is only ever extended, and a set that is new has none yet.
local function file_under(tag, key, lifetime_ms, now)
  local set = CONTRACT.tag_prefix .. tag
  redis.call('ZADD', set, digits(now + lifetime_ms * 1000), key)
  redis.call('PEXPIRE', set, lifetime_ms + CONTRACT.tag_margin_ms, 'NX')
  redis.call('PEXPIRE', set, lifetime_ms + CONTRACT.tag_margin_ms, 'GT')
  local expired = redis.call('ZRANGE', set, '-inf', digits(now), 'BYSCORE', 'LIMIT', 0, CONTRACT.pruned_at_once)
  if #expired > 0 then redis.call('ZREM', set, unpack(expired)) end
end

BODIES.cache_put = function(keys, value, lifetime_ms, as_of, tags)
  local key, now = keys[1], now_us()
  if not is_entry(key) then
    return redis.error_reply('ERR triptrip_cache_put: ' .. mistake('the key', key, CONTRACT.entry_prefix .. '…'))
  end
  for _, tag in ipairs(tags) do
    if string.find(tag, '[%c ,]') then
      return redis.error_reply('ERR triptrip_cache_put: ' .. mistake('a tag', tag, 'no blank, comma or control character'))
    end
  end
  -- Clocks differ a little; a reader whose clock is ahead must not seem to have read after a change that it has not seen.
  local known = math.min(as_of, now) - CONTRACT.clock_skew_us
  -- What is older than the longest-kept tombstone could have been invalidated by one that is gone.
  if known < now - CONTRACT.tombstone_ms * 1000 or is_stale(key, tags, known) then return 0 end
  redis.call('SET', key, digits(known) .. ' ' .. table.concat(tags, ',') .. '\n' .. value, 'PX', lifetime_ms)
  for _, tag in ipairs(tags) do file_under(tag, key, lifetime_ms, now) end
  return 1
end

-- The entry's value, moment and time left; nothing when it is not there or no longer true.
local function live(key)
  local content = redis.call('GET', key)
  if not content then return nil end
  local _, head, as_of, filed = string.find(content, '^(%d+) ([^\n]*)\n')
  if not head then return nil end
  local tags = {}
  for tag in string.gmatch(filed, '[^,]+') do
    -- A set that was evicted knows this entry no more: an invalidation would miss it.
    if not redis.call('ZSCORE', CONTRACT.tag_prefix .. tag, key) then return nil end
    tags[#tags + 1] = tag
  end
  if is_stale(key, tags, tonumber(as_of)) then return nil end
  return {string.sub(content, head + 1), tonumber(as_of), redis.call('PTTL', key)}
end

-- A miss answers the moment that the query which follows will be true of, by the clock that invalidations go by.
BODIES.cache_get = function(keys)
  return live(keys[1]) or {false, now_us(), 0}
end
