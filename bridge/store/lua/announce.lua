-- Write an entry in the middle of a delivery, if its lock is still the caller's.
-- KEYS: lock, ledger. ARGV: token, record key, sealed entry.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
