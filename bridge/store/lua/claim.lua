-- Take the lock of (target, record), or keep it, and load all that a delivery needs, in one step.
-- KEYS: lock, revisions, records, ledger, links, claims, state, throttle, held, leaving, counted, approved.
-- ARGV: token, lock's milliseconds, record key.
-- Returns {'paused'}, {'held'}, {'locked'}, {'unknown'} or {'ok', doubt, revision, record, entry, link,
-- who is being forgotten and how, counted, approved}.
local key = ARGV[3]
if redis.call('EXISTS', KEYS[7], KEYS[8]) > 0 then return {'paused'} end
if redis.call('HEXISTS', KEYS[9], key) == 1 then return {'held'} end
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {'locked'} end
-- Redis was emptied after the job was made: the next poll brings the record back.
if redis.call('HEXISTS', KEYS[3], key) == 0 then
  if holder then redis.call('DEL', KEYS[1]) end
  return {'unknown'}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
-- A mark that nobody settled: its maker died or lost its lock, and may have written. It stays until a
-- delivery that knew of it settles.
local doubt = redis.call('HGET', KEYS[6], key)
if not doubt or doubt == ARGV[1] then
  doubt = ''
  redis.call('HSET', KEYS[6], key, ARGV[1])
end
return {'ok', doubt,
  redis.call('HGET', KEYS[2], key), redis.call('HGET', KEYS[3], key),
  redis.call('HGET', KEYS[4], key), redis.call('HGET', KEYS[5], key),
  redis.call('HGETALL', KEYS[10]),
  redis.call('HGET', KEYS[11], key) or '', redis.call('HGET', KEYS[12], key) or ''}
