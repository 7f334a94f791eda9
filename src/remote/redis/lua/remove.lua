-- ARGV: the group. Removes it with all that it has; returns whether it was there.
local b = base(ARGV[1])
if call('SREM', T .. ':groups', ARGV[1]) == 0 then return 0 end
for _, c in ipairs(call('HKEYS', b .. ':c')) do call('DEL', b .. ':w:' .. c) end
local n = tonumber(call('HGET', T, 'n')) or 0
for p = 0, math.max(n, 1) - 1 do call('DEL', b .. ':s:' .. p, b .. ':o:' .. p) end
call('DEL', b .. ':z', b .. ':d', b .. ':c', b .. ':a', b .. ':h')
return 1
