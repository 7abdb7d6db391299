-- Leaderboards: one sorted set a period.

BODIES.leaderboard_add = function(keys, member, score, lifetime_ms)
  local total = redis.call('ZINCRBY', keys[1], score, member)
  redis.call('ZREMRANGEBYRANK', keys[1], 0, -(CONTRACT.leaderboard_members + 1))
  redis.call('PEXPIRE', keys[1], lifetime_ms)
  return total
end

BODIES.leaderboard_top = function(keys, count)
  return redis.call('ZRANGE', keys[1], 0, count - 1, 'REV', 'WITHSCORES')
end
