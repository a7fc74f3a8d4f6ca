-- Write down what a poll has counted and allowed to be taken away, in place of what the last one had, if the
-- caller still holds the lease. KEYS: lease, counted, done. ARGV: token, the time up to which what was done is
-- forgotten, then pairs of record key and what may be taken. Returns false when the lease is somebody else's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
redis.call('DEL', KEYS[2])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[2])
return 1
