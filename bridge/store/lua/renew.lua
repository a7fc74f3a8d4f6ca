-- Lengthen locks, or a lease, if they are still the caller's. KEYS: locks. ARGV: milliseconds, then a token for each.
-- Returns 1 or 0 for each.
local answers = {}
for i, lock in ipairs(KEYS) do
  answers[i] = redis.call('GET', lock) == ARGV[i + 1] and redis.call('PEXPIRE', lock, ARGV[1]) or 0
end
return answers
