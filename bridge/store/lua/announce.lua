-- Write an entry in the middle of a delivery, if its lock is still the caller's, and what may be done now.
-- KEYS: lock, ledger, done. ARGV: token, record key, sealed entry, the time, then names of what may be done.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
for i = 5, #ARGV do redis.call('ZADD', KEYS[3], ARGV[4], ARGV[i]) end
return 1
