-- Generic cell rate algorithm (ITU-T I.371) on Redis's own clock: one bucket for all workers of a credential.
-- KEYS: bucket, throttle. ARGV: microseconds between requests, burst in requests, how many places are wanted.
-- Returns {0, microseconds to wait for each of the places, which are taken already...}, or {milliseconds} while the
-- target has asked everybody to wait.
local throttled = redis.call('PTTL', KEYS[2])
if throttled > 0 then return {throttled} end
local now = redis.call('TIME')
local micros = now[1] * 1000000 + now[2]
local interval, burst, places = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), micros)
local answer = {0}
for i = 1, places do
  answer[i + 1] = math.max(0, due - micros - interval * (burst - 1))
  due = due + interval
end
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - micros) / 1000) + 1000)
return answer
