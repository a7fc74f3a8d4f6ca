-- Pause a target, unless it is paused. KEYS: state. ARGV: state, reason, since, and of a pause that somebody wants
-- and that takes the place of any other: milliseconds after which it ends by itself (0 for never).
if not ARGV[4] and redis.call('HEXISTS', KEYS[1], 'state') == 1 then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'reason', ARGV[2], 'since', ARGV[3])
if ARGV[4] and tonumber(ARGV[4]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1
