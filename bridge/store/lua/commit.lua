-- Write changed records, each with a revision one higher, if the caller still holds the lease.
-- KEYS: lease, revisions, records, audit. ARGV: token, audit's length, then triples of record key, sealed
-- record, audit's JSON. Returns the new revisions in order, or false when the lease is somebody else's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
local revisions = {}
for i = 3, #ARGV, 3 do
  revisions[#revisions + 1] = redis.call('HINCRBY', KEYS[2], ARGV[i], 1)
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[2], '*', 'event', ARGV[i + 2])
end
return revisions
