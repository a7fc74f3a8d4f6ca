-- Note that what the target holds for some records is not certain: somebody has to look again.
-- KEYS: claims, pending. ARGV: a mark that nobody has made before, then record keys.
-- A mark is 'doubt', a token, and the record keys to which references may have been given; those of a mark
-- that still stands are kept.
for i = 2, #ARGV do
  local given = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^doubt %x+(.*)$') or ''
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[1] .. given)
  redis.call('ZADD', KEYS[2], 'NX', 1, ARGV[i])
end
return #ARGV - 1
