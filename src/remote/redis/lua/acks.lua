-- For a queue that is not ordered. ARGV: group, consumer, then for each message its id and
-- token.
-- Returns for each 1; or 0 if the lease is not the consumer's any more, and then changes
-- nothing of it.
local group, me = ARGV[1], ARGV[2]
local s = base(group) .. ':s:0'
local out, mine = {}, {}
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  local held = try('XPENDING', s, group, id, id, 1, me)
  if held.err or not held[1] or held[1][4] ~= tonumber(ARGV[i + 1]) then
    out[#out + 1] = 0
  else
    out[#out + 1] = 1
    mine[#mine + 1] = id
  end
end
if #mine > 0 then
  call('XACK', s, group, unpack(mine))
  call('XDEL', s, unpack(mine))
end
return out
