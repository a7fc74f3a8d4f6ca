-- Lock records of a target, and load all that their deliveries need, in one step: those that are due, most urgent
-- first, or those that are named. A lock that is the caller's already is kept.
-- KEYS: due, later, pending, revisions, records, ledger, links, claims, state, throttle, held, leaving, counted,
-- approved, calls.
-- ARGV: prefix of locks, a lock's milliseconds, the time, how many that are locked already are passed at most, how
-- many tokens follow and these, one for each record that may be claimed, then the records that are named.
-- Returns {'paused'}, or {'ok', when the next one is due ('' for none), '1' when more are due, who is being forgotten
-- and how}, and for each claimed record: key, token, doubt, revision, record, entry, link, counted, approved,
-- calls.
local due, later, pending, claims, held = KEYS[1], KEYS[2], KEYS[3], KEYS[8], KEYS[11]
if redis.call('EXISTS', KEYS[9], KEYS[10]) > 0 then return {'paused'} end
local prefix, milliseconds, now, patience, room = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local named = {}
for i = 6 + room, #ARGV do named[#named + 1] = ARGV[i] end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZADD', due, 'LT', redis.call('ZSCORE', pending, name) or 1, name)
  redis.call('ZREM', later, name)
end

-- Those that are free, in order. `passed` counts the ones before them that stay due.
local free, passed, locked = {}, 0, 0
while #free < room and locked < patience do
  local found = #named > 0 and named or redis.call('ZRANGE', due, passed, passed + room - 1)
  if #found == 0 then break end
  local locks, not_due = {}, {}
  for i, name in ipairs(found) do locks[i] = prefix .. name end
  local holders, holds = redis.call('MGET', unpack(locks)), redis.call('HMGET', held, unpack(found))
  for i, name in ipairs(found) do
    if #free == room then break end
    if holds[i] then
      not_due[#not_due + 1] = name
    else
      passed = passed + 1
      if holders[i] and holders[i] ~= ARGV[6 + #free] then locked = locked + 1
      else free[#free + 1] = name end
    end
  end
  -- Whoever lets it go asks for it again.
  if #not_due > 0 then redis.call('ZREM', due, unpack(not_due)) end
  if #named > 0 then break end
end
local next_due = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')[2] or ''
local answer = {'ok', next_due, redis.call('ZCARD', due) > passed and '1' or '', redis.call('HGETALL', KEYS[12])}
if #free == 0 then return answer end

local values = {}
for i, name in ipairs({KEYS[4], KEYS[5], KEYS[6], KEYS[7], claims, KEYS[13], KEYS[14], KEYS[15]}) do
  values[i] = redis.call('HMGET', name, unpack(free))
end
local begun = {}
for i, name in ipairs(free) do
  local token, record, mark = ARGV[5 + i], values[2][i], values[5][i]
  if not record or not values[1][i] then
    -- Redis has lost it, or its revision: the next poll brings it back, if it is still somebody's.
    redis.call('ZREM', due, name)
    if redis.call('GET', prefix .. name) == token then redis.call('DEL', prefix .. name) end
  else
    redis.call('SET', prefix .. name, token, 'PX', milliseconds)
    -- A mark that nobody settled: its maker died or lost its lock, and may have written. It stays until a
    -- delivery that knew of it ends and need not be tried again.
    if not mark or mark == token then
      mark = ''
      begun[#begun + 1] = name
      begun[#begun + 1] = token
    end
    for _, value in ipairs({name, token, mark, values[1][i], record, values[3][i], values[4][i],
      values[6][i] or '', values[7][i] or '', values[8][i] or ''}) do answer[#answer + 1] = value end
  end
end
if #begun > 0 then redis.call('HSET', claims, unpack(begun)) end
return answer
