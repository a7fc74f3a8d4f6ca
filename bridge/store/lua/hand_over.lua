-- Give a target's object to a record, and take it from the one that had it, in one step.
-- KEYS: new lock, the owner's lock (else the new one), ledger, links, owners, pending, claims, held, approved.
-- ARGV: new record's token ('' when nobody may be delivering it), new record, field of the object in owners,
-- its owner as read ('' for none), new sealed entry, new entry as read ('' for none), new sealed link,
-- old record ('' when no record has the object as its link), old sealed entry, old entry as read, old link as
-- read, a mark of doubt, waiting prefix, new link as read, then the records that were given a reference to the
-- old one.
-- Returns {'locked'} while somebody delivers one of the two, {'lost'} when the token's lock is somebody else's,
-- {'moved'} when what was read is not true any more, or {'ok', records that waited for the new one's link...}.
local token, new, field, old = ARGV[1], ARGV[2], ARGV[3], ARGV[8]
local holder = redis.call('GET', KEYS[1])
if token ~= '' and holder ~= token then return {'lost'} end
if token == '' and holder then return {'locked'} end
-- Also of an owner that has no link yet: it may be making the object just now, in several requests.
if KEYS[2] ~= KEYS[1] and redis.call('EXISTS', KEYS[2]) == 1 then return {'locked'} end
if (redis.call('HGET', KEYS[5], field) or '') ~= ARGV[4] then return {'moved'} end
if (redis.call('HGET', KEYS[3], new) or '') ~= ARGV[6] then return {'moved'} end
if (redis.call('HGET', KEYS[4], new) or '') ~= ARGV[14] then return {'moved'} end
if old ~= '' then
  if (redis.call('HGET', KEYS[3], old) or '') ~= ARGV[10] then return {'moved'} end
  if (redis.call('HGET', KEYS[4], old) or '') ~= ARGV[11] then return {'moved'} end
  redis.call('HSET', KEYS[3], old, ARGV[9])
  redis.call('HDEL', KEYS[4], old)
  redis.call('ZREM', KEYS[6], old)
  for _, name in ipairs({KEYS[7], KEYS[8], KEYS[9]}) do redis.call('HDEL', name, old) end
end
redis.call('HSET', KEYS[5], field, new)
redis.call('HSET', KEYS[4], new, ARGV[7])
redis.call('HSET', KEYS[3], new, ARGV[5])
redis.call('ZADD', KEYS[6], 'NX', 1, new)
-- What they were given for the old record is the new one's now: each is looked at again, see doubt.lua. So are
-- those that are being delivered just now, and may have read the old link.
local may_refer = old ~= '' and string.find(old, '^person:')
local referring = may_refer and redis.call('HKEYS', KEYS[7]) or {}
for i = 15, #ARGV do referring[#referring + 1] = ARGV[i] end
local seen = {}
for i, key in ipairs(referring) do
  local is_told = i > #referring - (#ARGV - 14)
  if not seen[key] and (is_told or key ~= new) then
    local former = redis.call('HGET', KEYS[7], key) or ''
    local given = string.match(former, '^doubt %x+(.*)$') or (former ~= '' and ' !' .. former or '')
    redis.call('HSET', KEYS[7], key, ARGV[12] .. given)
    redis.call('ZADD', KEYS[6], 'NX', 1, key)
    seen[key] = true
  end
end
local answer = {'ok'}
for _, other in ipairs(redis.call('SMEMBERS', ARGV[13] .. new)) do
  answer[#answer + 1] = other
  redis.call('ZADD', KEYS[6], 'NX', 1, other)
end
redis.call('DEL', ARGV[13] .. new)
return answer
