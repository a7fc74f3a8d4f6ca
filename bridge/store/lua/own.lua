-- Reserve objects for records. KEYS: owners, links. ARGV: 'mended' or '', then pairs of an object's field and the
-- record that it is to be of. Returns the owner of each, or 'mend' when fewer owners than links are known, so that
-- some were lost.
if ARGV[1] ~= 'mended' and redis.call('HLEN', KEYS[1]) < redis.call('HLEN', KEYS[2]) then return 'mend' end
local owners = {}
for i = 2, #ARGV, 2 do
  redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
  owners[#owners + 1] = redis.call('HGET', KEYS[1], ARGV[i])
end
return owners
