-- Counts a call of a dear sort on Redis's own clock, unless one of the windows is full.
-- KEYS: the calls of the last 24 hours by their microseconds. ARGV: microseconds of 24 hours, then for each window
-- its microseconds and how many calls it may have had.
-- Returns the microseconds until a call is free; 0: this one is counted.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[1]))
local wait = 0
for i = 2, #ARGV, 2 do
  local since, allowed = string.format('(%.0f', now - ARGV[i]), tonumber(ARGV[i + 1])
  local over = redis.call('ZCOUNT', KEYS[1], since, '+inf') - allowed
  if over >= 0 then
    local first = redis.call('ZRANGEBYSCORE', KEYS[1], since, '+inf', 'WITHSCORES', 'LIMIT', over, 1)
    wait = math.max(wait, tonumber(first[2]) + ARGV[i] - now)
  end
end
if wait > 0 then return wait end
while redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', now), string.format('%.0f', now)) == 0 do
  now = now + 1
end
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] / 1000))
return 0
