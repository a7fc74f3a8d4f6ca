-- Remember a publication, if it is still the caller's turn: whoever lost it knows of an older one.
-- KEYS: turn, publication, written, doubt. ARGV: token, publication, the doubt that it settles ("" for none), and
-- what was written, if anything was.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[4] then redis.call('SET', KEYS[3], ARGV[4]) end
redis.call('SET', KEYS[2], ARGV[2])
if redis.call('GET', KEYS[4]) == ARGV[3] then redis.call('DEL', KEYS[4]) end
return 1
