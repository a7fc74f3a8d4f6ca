-- Write the ledger for finished deliveries, each of them if its lock is still the caller's.
-- KEYS: revisions, ledger, links, claims, pending, due, later, faults, audit, held, done, approved,
-- calls.
-- ARGV: prefixes of locks, of waiting, of awaiting, of the changes of a day and of what was there before them, the
-- audit's length, seconds for which a team waits for more of its members, seconds for which a day's changes are kept,
-- and then for each delivery the FIELDS in their order and the LISTS, each with its length before it.
-- Returns for each delivery {'lost'}, {'again'} when a newer revision, a new doubt or a missing link has come meanwhile
-- (the lock is kept), or {'ok'}, with the record keys that waited for it behind.
local FIELDS = {
  'key', 'token', 'entry', 'revision',
  'retry',   -- when it is tried again; '' when it is done
  'answered',-- '1' when the target answered
  'event',   -- for the audit; '' for none
  'quarter', -- of an hour since the epoch in which it changed something; '' for nothing
  'link',    -- '' for unchanged, '-' to forget it
  'doubt',   -- what the claim knew of
  'hold',    -- id of a hold to set; '' for none
  'awaits',  -- the record that has a value which this one needs; '' for none
  'freed',   -- '1' when it has given up what others may need
  'at',      -- the time
  'calls',   -- the last calls of the target for it; '' for no new ones
  'former',  -- what the target had before; '' for nothing
  'days',    -- for which that is kept
}
local LISTS = {
  'counts',  -- names of what was done, which limits count
  'approved',-- and of what they count no more
  'missing', -- the record keys that it refers to and that had no link
}
local revisions, ledger, links, claims = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local pending, due, later = KEYS[5], KEYS[6], KEYS[7]
local DAY = 86400  -- seconds
local lock, waiting, awaiting, given, before = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local kept, together, remembered = ARGV[6], tonumber(ARGV[7]), ARGV[8]

local calls = {}  -- of all deliveries, each after its record
local quarters = {}  -- how many changes there were in each

local function look_at(others, at, answer)
  for _, other in ipairs(redis.call('SMEMBERS', others)) do
    answer[#answer + 1] = other
    redis.call('ZADD', pending, 'NX', 1, other)
    if string.find(other, '^team:') then redis.call('ZADD', later, 'LT', at + together, other)
    else redis.call('ZADD', due, 'LT', redis.call('ZSCORE', pending, other), other) end
  end
  redis.call('DEL', others)
end

local function settle(one)
  local key, answer = one.key, {'ok'}
  if redis.call('GET', lock .. key) ~= one.token then return {'lost'} end
  redis.call('HSET', ledger, key, one.entry)
  if one.answered == '1' then redis.call('DEL', KEYS[8]) end
  if one.calls ~= '' then calls[#calls + 1] = key calls[#calls + 1] = one.calls end
  if one.event ~= '' then redis.call('XADD', KEYS[9], 'MAXLEN', '~', kept, '*', 'event', one.event) end
  if one.former ~= '' then
    local day = before .. math.floor(tonumber(one.at) / DAY)
    redis.call('HSET', day, key .. ' ' .. one.at, one.former)
    redis.call('EXPIRE', day, (one.days + 1) * DAY)
  end
  if one.quarter ~= '' then quarters[one.quarter] = (quarters[one.quarter] or 0) + 1 end
  if one.hold ~= '' then
    redis.call('HSET', KEYS[10], key, one.hold)
    redis.call('ZADD', pending, 'NX', 1, key)
  end
  for _, name in ipairs(one.counts) do redis.call('ZADD', KEYS[11], one.at, name) end
  for _, name in ipairs(one.approved) do redis.call('ZREM', KEYS[11], name) end
  -- What was approved is done: the next time is another one.
  if #one.approved > 0 then redis.call('HDEL', KEYS[12], key) end
  if one.link == '-' then redis.call('HDEL', links, key)
  elseif one.link ~= '' then
    redis.call('HSET', links, key, one.link)
    look_at(waiting .. key, one.at, answer)
  end
  if one.awaits ~= '' then redis.call('SADD', awaiting .. one.awaits, key) end
  if one.freed == '1' then look_at(awaiting .. key, one.at, answer) end
  local newer = tonumber(redis.call('HGET', revisions, key) or '0') > tonumber(one.revision)
  local mark = redis.call('HGET', claims, key)
  if mark == one.token or (mark == one.doubt and one.retry == '') then redis.call('HDEL', claims, key)
  elseif mark == one.doubt then
    -- A delivery that is tried again may have seen nothing. What a dead one may have sent is in the entry by now.
    if mark then
      local told = string.find(mark, '^doubt ') and string.gsub(mark, ' !%x+', '') or 'doubt ' .. mark
      redis.call('HSET', claims, key, told)
    end
  elseif mark then
    newer = true
    redis.call('HSET', claims, key, (string.gsub(mark, ' !' .. one.token, '')))
  end
  local again = newer
  for _, other in ipairs(one.missing) do
    if redis.call('HEXISTS', links, other) == 1 then again = true
    else redis.call('SADD', waiting .. other, key) end
  end
  if again and one.retry == '' then answer[1] = 'again' return answer end
  if one.retry == '' and one.hold == '' then redis.call('ZREM', pending, key) end
  if not newer then
    redis.call('ZREM', due, key)
    if one.retry == '' then redis.call('ZREM', later, key)
    else redis.call('ZADD', later, one.retry, key) end
  end
  redis.call('DEL', lock .. key)
  return answer
end

local answers, i = {}, 9
while i <= #ARGV do
  local one = {}
  for _, field in ipairs(FIELDS) do one[field] = ARGV[i] i = i + 1 end
  for _, list in ipairs(LISTS) do
    one[list] = {}
    for j = 1, tonumber(ARGV[i]) do one[list][j] = ARGV[i + j] end
    i = i + 1 + #one[list]
  end
  answers[#answers + 1] = settle(one)
end
if #calls > 0 then redis.call('HSET', KEYS[13], unpack(calls)) end
for quarter, number in pairs(quarters) do
  -- A count that somebody else has damaged is in no delivery's way: pcall.
  local day = given .. math.floor(quarter / 96)
  redis.pcall('HINCRBY', day, quarter % 96, number)
  redis.pcall('EXPIRE', day, remembered)
end
return answers
