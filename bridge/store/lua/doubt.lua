-- Note that what the target holds for some records is not certain: somebody has to look again.
-- KEYS: claims, pending. ARGV: a mark that nobody has made before, then record keys.
-- A mark is the token of a delivery that has not settled, or 'doubt', a token, and then '!' with the token of each
-- delivery that may have sent something of which no entry tells, and the record keys to which references may have been
-- given. What a mark tells that still stands is kept.
for i = 2, #ARGV do
  local former = redis.call('HGET', KEYS[1], ARGV[i]) or ''
  local given = string.match(former, '^doubt %x+(.*)$') or (former ~= '' and ' !' .. former or '')
  if string.find(ARGV[1], given, 1, true) then given = '' end
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[1] .. given)
  redis.call('ZADD', KEYS[2], 'NX', 1, ARGV[i])
end
return #ARGV - 1
