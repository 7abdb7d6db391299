-- Every function of the contract under its name, behind the check of its signature.

BODIES.version = function()
  return VERSION .. ' ' .. DIGEST
end

local function register(signature)
  local name = signature.name
  local whole = CONTRACT.name .. '_' .. name
  redis.register_function{
    function_name = whole,
    flags = signature.flags,
    callback = function(keys, arguments)
      if #keys ~= signature.keys and not (signature.more_keys and #keys > signature.keys) then
        return redis.error_reply('ERR ' .. whole .. ': '
          .. mistake('the number of keys', #keys, signature.keys .. (signature.more_keys and ' or more' or '')))
      end
      local values, wrong = checked(signature, arguments)
      if wrong then return redis.error_reply('ERR ' .. whole .. ': ' .. wrong) end
      return BODIES[name](keys, unpack(values, 1, #signature.arguments))
    end,
  }
end

-- While a library is loaded, Redis 7.0 knows nothing of pairs and ipairs.
for position = 1, #FUNCTIONS do register(FUNCTIONS[position]) end
