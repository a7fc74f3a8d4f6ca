-- Write the ledger for a finished delivery, if its lock is still the caller's.
-- KEYS: lock, revisions, ledger, links, claims, pending, faults, audit, held, done, approved.
-- ARGV: token, record key, sealed entry, revision, '1' when done (else it stays pending), '1' when the target
-- answered, audit's JSON ('' for none), audit's length, sealed link ('' for unchanged, '-' to forget it),
-- waiting prefix, the doubt that the claim knew of, id of a hold to set ('' for none), awaiting prefix, the
-- record that has a value which this one needs ('' for none), '1' when this one has given up what others may
-- need, the time, how many names of what was done follow and these, how many that count no more and these, then
-- the record keys that it refers to and that had no link.
-- Returns {'lost'}, {'again'} when a newer revision, a new doubt or a missing link has come meanwhile (the lock
-- is kept), or {'ok', record keys that waited for this record...}.
local key, done, link, waiting, doubt = ARGV[2], ARGV[5] == '1', ARGV[9], ARGV[10], ARGV[11]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost'} end
redis.call('HSET', KEYS[3], key, ARGV[3])
if ARGV[6] == '1' then redis.call('DEL', KEYS[7]) end
if ARGV[7] ~= '' then redis.call('XADD', KEYS[8], 'MAXLEN', '~', ARGV[8], '*', 'event', ARGV[7]) end
if ARGV[12] ~= '' then
  redis.call('HSET', KEYS[9], key, ARGV[12])
  redis.call('ZADD', KEYS[6], 'NX', 1, key)
end
local rest = 18 + tonumber(ARGV[17])
for i = 18, rest - 1 do redis.call('ZADD', KEYS[10], ARGV[16], ARGV[i]) end
local missing = rest + 1 + tonumber(ARGV[rest])
for i = rest + 1, missing - 1 do redis.call('ZREM', KEYS[10], ARGV[i]) end
-- What was approved is done: the next time is another one.
if missing > rest + 1 then redis.call('HDEL', KEYS[11], key) end
local answer = {'ok'}
if link == '-' then
  redis.call('HDEL', KEYS[4], key)
elseif link ~= '' then
  redis.call('HSET', KEYS[4], key, link)
  for _, other in ipairs(redis.call('SMEMBERS', waiting .. key)) do
    answer[#answer + 1] = other
    redis.call('ZADD', KEYS[6], 'NX', 1, other)
  end
  redis.call('DEL', waiting .. key)
end
local awaiting = ARGV[13]
if ARGV[14] ~= '' then redis.call('SADD', awaiting .. ARGV[14], key) end
if ARGV[15] == '1' then
  for _, other in ipairs(redis.call('SMEMBERS', awaiting .. key)) do
    answer[#answer + 1] = other
    redis.call('ZADD', KEYS[6], 'NX', 1, other)
  end
  redis.call('DEL', awaiting .. key)
end
local again = tonumber(redis.call('HGET', KEYS[2], key) or '0') > tonumber(ARGV[4])
local mark = redis.call('HGET', KEYS[5], key)
if mark == ARGV[1] or mark == doubt then redis.call('HDEL', KEYS[5], key)
elseif mark then again = true end
for i = missing, #ARGV do
  if redis.call('HEXISTS', KEYS[4], ARGV[i]) == 1 then again = true
  else redis.call('SADD', waiting .. ARGV[i], key) end
end
if again and done then answer[1] = 'again' return answer end
if done and ARGV[12] == '' then redis.call('ZREM', KEYS[6], key) end
redis.call('DEL', KEYS[1])
return answer
