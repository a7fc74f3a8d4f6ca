-- Replace a value if it is still the one that was read. KEYS: a hash, or a string. ARGV: old, new ('' to delete
-- it), and the field if it is in a hash. Returns how many values were replaced.
local old, new, field = ARGV[1], ARGV[2], ARGV[3]
if not field then
  if redis.call('GET', KEYS[1]) ~= old then return 0 end
  if new == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], new) end
  return 1
end
if redis.call('HGET', KEYS[1], field) ~= old then return 0 end
if new == '' then redis.call('HDEL', KEYS[1], field) else redis.call('HSET', KEYS[1], field, new) end
return 1
