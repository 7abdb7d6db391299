-- What the functions share: the clock, checked arguments, answers in case of a mistake.

-- Microseconds since 1970 by the server's own clock, the same throughout one call.
local function now_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- Lua writes a large number with an exponent; a moment is kept with all its digits.
local function digits(number)
  return string.format('%.0f', number)
end

local function mistake(what, given, allowed)
  return what .. ' is "' .. string.sub(tostring(given), 1, 64) .. '"; allowed: ' .. allowed
end

local CHECKS = {
  whole = function(row, given)
    local number = tonumber(given)
    if number == nil or number ~= math.floor(number) or number < row.least or number > row.most then
      return nil, mistake(row.name, given, 'a whole number from ' .. digits(row.least) .. ' to ' .. digits(row.most))
    end
    return number
  end,
  number = function(row, given)
    local number = tonumber(given)
    if number == nil or number ~= number or number == math.huge or number == -math.huge then
      return nil, mistake(row.name, given, 'a number')
    end
    return number
  end,
  text = function(row, given)
    if #given < row.least or #given > row.most then
      return nil, mistake(row.name .. ', its length in bytes,', #given, row.least .. ' to ' .. row.most)
    end
    return given
  end,
}

-- The arguments as the signature says, those of a last "many" as one list; or what is wrong with them.
local function checked(signature, given)
  local rows, values = signature.arguments, {}
  local last = rows[#rows]
  local fixed = (last and last.many) and #rows - 1 or #rows
  if #given < fixed or (#given > fixed and fixed == #rows) then
    return nil, mistake('the number of arguments', #given, tostring(fixed) .. (fixed < #rows and ' or more' or ''))
  end
  for position = 1, fixed do
    local value, wrong = CHECKS[rows[position].form](rows[position], given[position])
    if wrong then return nil, wrong end
    values[position] = value
  end
  if fixed < #rows then
    local many = {}
    for position = fixed + 1, #given do
      local value, wrong = CHECKS[last.form](last, given[position])
      if wrong then return nil, wrong end
      many[#many + 1] = value
    end
    values[#rows] = many
  end
  return values
end

local BODIES = {}
