-- Write changed records with their revisions, if the caller still holds the lease.
-- KEYS: lease, revisions, records, audit. ARGV: token, audit's length, then for each record its key, its
-- revision, the sealed record, audit's JSON. Returns 1, or false when the lease is somebody else's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
for i = 3, #ARGV, 4 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 2])
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[2], '*', 'event', ARGV[i + 3])
end
return 1
