-- Generic cell rate algorithm (ITU-T I.371) on Redis's own clock: one bucket for all workers of a credential.
-- KEYS: bucket, throttle. ARGV: microseconds between requests, burst in requests.
-- Returns {microseconds to wait before the request may be sent; its place is already taken, 0}, or
-- {0, milliseconds} while the target has asked everybody to wait.
local throttled = redis.call('PTTL', KEYS[2])
if throttled > 0 then return {0, throttled} end
local now = redis.call('TIME')
local micros = now[1] * 1000000 + now[2]
local interval = tonumber(ARGV[1])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), micros)
local wait = math.max(0, due - micros - interval * (tonumber(ARGV[2]) - 1))
local following = due + interval
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - micros) / 1000) + 1000)
return {wait, 0}
