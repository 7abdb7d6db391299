-- Sessions: a hash that every read and write keeps alive.

-- Without `create` a session that has ended stays so: a request that was under way at sign-out would bring it back.
BODIES.session_write = function(keys, lifetime_ms, create, fields)
  if #fields == 0 or #fields % 2 ~= 0 then
    return redis.error_reply('ERR triptrip_session_write: '
      .. mistake('the number of fields and values', #fields, 'pairs, one or more'))
  end
  local session = keys[1]
  if create == 0 and redis.call('EXISTS', session) == 0 then return 0 end
  local after = redis.call('HLEN', session)
  for position = 1, #fields, 2 do
    after = after + 1 - redis.call('HEXISTS', session, fields[position])
  end
  if after > CONTRACT.session_fields then
    return redis.error_reply('ERR triptrip_session_write: '
      .. mistake('the number of fields', after, CONTRACT.session_fields .. ' at most'))
  end
  redis.call('HSET', session, unpack(fields))
  redis.call('PEXPIRE', session, lifetime_ms)
  return 1
end

BODIES.session_touch = function(keys, lifetime_ms)
  local content = redis.call('HGETALL', keys[1])
  if #content > 0 then redis.call('PEXPIRE', keys[1], lifetime_ms) end
  return content
end
