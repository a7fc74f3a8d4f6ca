-- Write entries in the middle of deliveries, each if its lock is still the caller's, and what may be done now.
-- KEYS: ledger, done. ARGV: prefix of locks, then for each delivery its record key, token, sealed entry, the time, and
-- how many names of what may be done follow, and these. Returns 1 or 0 for each.
local answers, i = {}, 2
while i <= #ARGV do
  local key, token, entry, at, names = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4])
  local ours = redis.call('GET', ARGV[1] .. key) == token
  if ours then
    redis.call('HSET', KEYS[1], key, entry)
    for j = 1, names do redis.call('ZADD', KEYS[2], at, ARGV[i + 4 + j]) end
  end
  answers[#answers + 1] = ours and 1 or 0
  i = i + 5 + names
end
return answers
