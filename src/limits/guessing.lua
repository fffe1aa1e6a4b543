-- The guessing at one account (src/limits/guessing/account.rs has the same rules, and their reasons, in Rust).
-- KEYS[1]  string: {failures since the last success, time of the last, protected until}
-- KEYS[2]  hash: network -> {locked until, {{attempt, time, failed}, …}}
-- ARGV     command, network, attempt, now, known network (1 or 0), then the rules: attempts, window, lock,
--          protect after, protect for, abandoned after, forgotten after, networks before sweep
-- Times are microseconds. Values are MessagePack, which keeps them exact; cjson would round them.

local command, network, id = ARGV[1], ARGV[2], ARGV[3]
local now, known = tonumber(ARGV[4]), ARGV[5] == '1'
local attempts, window, lock = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local protect_after, protect_for = tonumber(ARGV[9]), tonumber(ARGV[10])
local abandoned_after, forgotten_after = tonumber(ARGV[11]), tonumber(ARGV[12])
local networks_before_sweep = tonumber(ARGV[13])

local GRANTED, LOCKED, PROTECTED, UNDECIDED = 0, 1, 2, 3

local stored = redis.call('GET', KEYS[1])
local streak = { failures = 0, last = 0, protected_until = 0 }
if stored then
  local it = cmsgpack.unpack(stored)
  streak.failures, streak.last, streak.protected_until = it[1], it[2], it[3]
end

local function unpack_pair(packed)
  local pair = { locked_until = 0, tries = {} }
  if packed then
    local it = cmsgpack.unpack(packed)
    pair.locked_until = it[1]
    for _, try in ipairs(it[2]) do
      table.insert(pair.tries, { id = try[1], at = try[2], failed = try[3] })
    end
  end
  return pair
end

local function pack_pair(pair)
  local tries = {}
  for _, try in ipairs(pair.tries) do
    table.insert(tries, { try.id, try.at, try.failed })
  end
  return cmsgpack.pack({ pair.locked_until, tries })
end

local pair = unpack_pair(redis.call('HGET', KEYS[2], network))

local function keep(condition)
  local kept = {}
  for _, try in ipairs(pair.tries) do
    if condition(try) then
      table.insert(kept, try)
    end
  end
  pair.tries = kept
end

local function find()
  for _, try in ipairs(pair.tries) do
    if try.id == id then
      return try
    end
  end
end

local function forget()
  keep(function(try) return try.id ~= id end)
end

local function count_failure(at)
  if streak.last + forgotten_after <= at then
    streak.failures = 0
  end
  streak.failures = streak.failures + 1
  streak.last = math.max(streak.last, at)
  if streak.failures < protect_after then
    return -1
  end
  streak.protected_until = math.max(streak.protected_until, at + protect_for)
  return streak.protected_until
end

local function lock_if_due()
  local failed, last = 0, 0
  for _, try in ipairs(pair.tries) do
    if try.failed then
      failed = failed + 1
      last = math.max(last, try.at)
    end
  end
  if failed == 0 or failed < attempts then
    return -1
  end
  pair.locked_until = last + lock
  keep(function(try) return not try.failed end)
  return pair.locked_until
end

-- Answers whether attempts were found abandoned, which counts for all networks and has to be kept.
local function settle()
  local found_abandoned = false
  for _, try in ipairs(pair.tries) do
    if not try.failed and try.at + abandoned_after <= now then
      try.failed = true
      try.at = try.at + abandoned_after
      count_failure(try.at)
      found_abandoned = true
    end
  end
  keep(function(try) return not try.failed or try.at + window > now end)
  if pair.locked_until <= now then
    lock_if_due()
  end
  return found_abandoned
end

local function is_over(some_pair)
  if some_pair.locked_until > now then
    return false
  end
  for _, try in ipairs(some_pair.tries) do
    local failed_at = try.failed and try.at or try.at + abandoned_after
    if failed_at + math.max(window, lock) > now then
      return false
    end
  end
  return true
end

local function milliseconds(micros)
  return string.format('%.0f', micros / 1000)
end

-- How long the keys live only bounds the garbage: what counts is decided by the times passed in.
local function save_streak()
  if streak.failures == 0 and streak.protected_until <= now then
    redis.call('DEL', KEYS[1])
    return
  end
  local lives = math.max(2 * protect_for, streak.failures > 0 and forgotten_after or 0)
  local packed = cmsgpack.pack({ streak.failures, streak.last, streak.protected_until })
  redis.call('SET', KEYS[1], packed, 'PX', milliseconds(lives + 60000000))
end

local function save_pair()
  if redis.call('HLEN', KEYS[2]) >= networks_before_sweep then
    local all = redis.call('HGETALL', KEYS[2])
    for i = 1, #all, 2 do
      if is_over(unpack_pair(all[i + 1])) then
        redis.call('HDEL', KEYS[2], all[i])
      end
    end
  end
  if is_over(pair) then
    redis.call('HDEL', KEYS[2], network)
  else
    redis.call('HSET', KEYS[2], network, pack_pair(pair))
    redis.call('PEXPIRE', KEYS[2], milliseconds(2 * (window + lock + abandoned_after)))
  end
end

local function save()
  save_streak()
  save_pair()
end

local function judge()
  if pair.locked_until > now then
    return LOCKED, pair.locked_until
  end
  if streak.protected_until > now and not known then
    return PROTECTED, streak.protected_until
  end
  if find() or #pair.tries < attempts then
    return GRANTED, -1
  end
  local oldest
  for _, try in ipairs(pair.tries) do
    if not try.failed and (not oldest or try.at < oldest) then
      oldest = try.at
    end
  end
  if oldest then
    return UNDECIDED, oldest + abandoned_after
  end
  return LOCKED, now + lock
end

local commands = {}

function commands.reserve()
  local found_abandoned = settle()
  local verdict, ends = judge()
  if verdict == GRANTED and not find() then
    table.insert(pair.tries, { id = id, at = now, failed = false })
  end
  -- What else settling did, the next look would do again.
  if verdict == GRANTED or found_abandoned then
    save()
  end
  return { verdict, ends }
end

function commands.fail()
  settle()
  local locked_until, protected_until = -1, -1
  local before = find()
  if pair.locked_until > now then
    forget()
  elseif not (before and before.failed) then
    forget()
    table.insert(pair.tries, { id = id, at = now, failed = true })
    protected_until = count_failure(now)
    locked_until = lock_if_due()
  end
  save()
  return { locked_until, protected_until }
end

function commands.succeed()
  forget()
  settle()
  pair.locked_until = 0
  keep(function(try) return not try.failed end)
  streak.failures = 0
  save()
  return {}
end

function commands.cancel()
  keep(function(try) return try.id ~= id or try.failed end)
  settle()
  save()
  return {}
end

return commands[command]()
