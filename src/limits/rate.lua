-- An exact sliding window (src/limits/rate.rs has the same rule in Rust).
-- KEYS[1]  sorted set: one member per admitted request, its score the time in microseconds
-- ARGV     limit, window, now (microseconds), how many requests of this moment there are
-- Answers  how many of them are admitted, counted requests, the oldest of them, the one in the way of the next; -1 for none

local key = KEYS[1]
local limit, window, now, asked = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

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
local admitted = math.max(0, math.min(asked, limit - counted))
if admitted > 0 then
  -- Requests of the same microsecond leave together, so their number makes an unused name.
  local twins = redis.call('ZCOUNT', key, ARGV[3], ARGV[3])
  local members = {}
  for number = 0, admitted - 1 do
    members[2 * number + 1] = ARGV[3]
    members[2 * number + 2] = ARGV[3] .. ':' .. twins + number
  end
  redis.call('ZADD', key, unpack(members))
  -- Collects garbage; the window itself is measured by the times passed in.
  redis.call('PEXPIRE', key, exact(2 * window / 1000 + 60000))
  counted = counted + admitted
end

local blocking = -1
if counted >= limit then
  blocking = time_at(counted - limit)
end
return { admitted, counted, time_at(0), blocking }
