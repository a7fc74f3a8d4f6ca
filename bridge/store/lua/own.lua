-- Reserve objects for records. KEYS: owners, links. ARGV: 'mended' or '', then for each an object's field, the record that
-- it is to be of, and where a delivery asks: its lock, the lock's token and the sealed link ('' each where none does).
-- Returns the owner of each, '' for one whose lock is somebody else's; or 'mend' when fewer owners than links are known,
-- so that some were lost. The link is noted with it: owned and not linked, the object would be nobody's to give up.
if ARGV[1] ~= 'mended' and redis.call('HLEN', KEYS[1]) < redis.call('HLEN', KEYS[2]) then return 'mend' end
local owners = {}
for i = 2, #ARGV, 5 do
  local object, record, lock, token, link = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  if lock ~= '' and redis.call('GET', lock) ~= token then
    owners[#owners + 1] = ''
  else
    redis.call('HSETNX', KEYS[1], object, record)
    local owner = redis.call('HGET', KEYS[1], object)
    if link ~= '' and owner == record then redis.call('HSET', KEYS[2], record, link) end
    owners[#owners + 1] = owner
  end
end
return owners
