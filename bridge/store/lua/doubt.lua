-- Note that what the target holds for some records is not certain: somebody has to look again.
-- KEYS: claims, pending. ARGV: a mark that nobody has made before, then record keys.
for i = 2, #ARGV do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[1])
  redis.call('ZADD', KEYS[2], 'NX', 1, ARGV[i])
end
return #ARGV - 1
