-- Replace a field of a hash if it still has the value that was read. KEYS: hash. ARGV: field, old, new.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
