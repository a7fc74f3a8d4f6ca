-- Write entries in the middle of deliveries, each if its lock is still the caller's, and what may be done now.
-- KEYS: ledger, done, counted. ARGV: prefix of locks, then for each delivery its record key, token, sealed entry, the
-- time, and how many names of what may be done follow, and these: nothing that the newest poll has not counted. Returns
-- for each 1, 0 when the lock is somebody else's, -1 when it is counted no more.
local answers, i = {}, 2
while i <= #ARGV do
  local key, token, entry, at, names = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4])
  local answer = 1
  if redis.call('GET', ARGV[1] .. key) ~= token then
    answer = 0
  elseif names > 0 and redis.call('HEXISTS', KEYS[3], key) == 0 then
    answer = -1
  else
    redis.call('HSET', KEYS[1], key, entry)
    for j = 1, names do redis.call('ZADD', KEYS[2], at, ARGV[i + 4 + j]) end
  end
  answers[#answers + 1] = answer
  i = i + 5 + names
end
return answers
