-- Write changed records, each with a revision one higher, if the caller still holds the lease.
-- KEYS: lease, revisions, records. ARGV: token, then (record key, sealed record) pairs.
-- Returns the new revisions in order, or false when the lease is somebody else's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
local revisions = {}
for i = 2, #ARGV, 2 do
  revisions[#revisions + 1] = redis.call('HINCRBY', KEYS[2], ARGV[i], 1)
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
end
return revisions
