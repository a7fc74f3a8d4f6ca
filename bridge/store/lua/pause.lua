-- Pause a target, unless it is paused. KEYS: state. ARGV: state, reason, since.
if redis.call('HEXISTS', KEYS[1], 'state') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'reason', ARGV[2], 'since', ARGV[3])
return 1
