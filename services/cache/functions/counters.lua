-- Counters of different viewers and users: HyperLogLogs.

BODIES.count_view = function(keys, viewer)
  local grown = redis.call('PFADD', keys[1], viewer)
  redis.call('PEXPIRE', keys[1], CONTRACT.views_ms)
  return grown
end

local function online_key(minute)
  return CONTRACT.online_prefix .. digits(minute)
end

local function this_minute()
  return math.floor(now_us() / 60000000)
end

BODIES.online_seen = function(_, user)
  local key = online_key(this_minute())
  local grown = redis.call('PFADD', key, user)
  if grown == 1 then redis.call('PEXPIRE', key, CONTRACT.online_ms) end
  return grown
end

BODIES.online_count = function(_, minutes)
  local names, running = {}, this_minute()
  for before = 0, minutes - 1 do names[#names + 1] = online_key(running - before) end
  return redis.call('PFCOUNT', unpack(names))
end
