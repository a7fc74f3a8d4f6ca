-- Write the ledger for a finished delivery, if its lock is still the caller's.
-- KEYS: lock, revisions, ledger, links, claims, pending. ARGV: token, record key, sealed entry, revision,
-- '1' when done (else it stays pending), sealed link ('' for none, '-' to forget it), waiting prefix,
-- then the record keys that it refers to and that had no link.
-- Returns {'lost'}, {'again'} when a newer revision or a missing link has come meanwhile (the lock is kept),
-- or {'ok', record keys that waited for this record's link...}.
local key = ARGV[2]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  -- What the caller sent may have overtaken its successor's write: somebody has to look again.
  redis.call('HSET', KEYS[5], key, 'lost')
  redis.call('ZADD', KEYS[6], 1, key)
  return {'lost'}
end
redis.call('HSET', KEYS[3], key, ARGV[3])
local released = {'ok'}
if ARGV[6] == '-' then
  redis.call('HDEL', KEYS[4], key)
elseif ARGV[6] ~= '' then
  redis.call('HSET', KEYS[4], key, ARGV[6])
  local waiting = ARGV[7] .. key
  for _, other in ipairs(redis.call('SMEMBERS', waiting)) do released[#released + 1] = other end
  redis.call('DEL', waiting)
end
local again = tonumber(redis.call('HGET', KEYS[2], key) or '0') > tonumber(ARGV[4])
for i = 8, #ARGV do
  if redis.call('HEXISTS', KEYS[4], ARGV[i]) == 1 then again = true
  else redis.call('SADD', ARGV[7] .. ARGV[i], key) end
end
for i = 2, #released do redis.call('ZADD', KEYS[6], 'NX', 1, released[i]) end
if again and ARGV[5] == '1' then released[1] = 'again' return released end
if ARGV[5] == '1' then redis.call('ZREM', KEYS[6], key) end
redis.call('HDEL', KEYS[5], key)
redis.call('DEL', KEYS[1])
return released
