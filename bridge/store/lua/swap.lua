-- Replace a value if it is still the one that was read. KEYS: a hash, or a string. ARGV: its field ('' for a
-- string), old, new. Returns how many values were replaced.
local field = ARGV[1]
if field == '' then
  if redis.call('GET', KEYS[1]) ~= ARGV[2] then return 0 end
  redis.call('SET', KEYS[1], ARGV[3])
  return 1
end
if redis.call('HGET', KEYS[1], field) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], field, ARGV[3])
return 1
