-- An exact sliding window (src/limits/rate.rs has the same rule in Rust).
-- KEYS[1]  sorted set: one member per admitted request, its score the time in microseconds
-- ARGV     limit, window, now (microseconds)
-- Answers  allowed (0 or 1), counted requests, the oldest of them, the one in the way of the next; -1 for none

local key = KEYS[1]
local limit, window, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

-- Lua writes big numbers as 1.7e+15.
local function exact(number)
  return string.format('%.0f', number)
end

local function time_at(rank)
  local found = redis.call('ZRANGE', key, rank, rank, 'WITHSCORES')
  return found[2] and tonumber(found[2]) or -1
end

redis.call('ZREMRANGEBYSCORE', key, '-inf', exact(now - window))
local counted = redis.call('ZCARD', key)
local allowed = 0
if counted < limit then
  -- Requests of the same microsecond leave together, so their number makes an unused name.
  local twins = redis.call('ZCOUNT', key, ARGV[3], ARGV[3])
  redis.call('ZADD', key, ARGV[3], ARGV[3] .. ':' .. twins)
  -- Collects garbage; the window itself is measured by the times passed in.
  redis.call('PEXPIRE', key, exact(2 * window / 1000 + 60000))
  counted = counted + 1
  allowed = 1
end

local blocking = -1
if counted >= limit then
  blocking = time_at(counted - limit)
end
return { allowed, counted, time_at(0), blocking }
