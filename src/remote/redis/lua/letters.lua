-- ARGV: `requeue` or `purge`, group, then for each dead letter its id, whether it gets other
-- bytes, and these. Returns how many were there.
local b, count = base(ARGV[2]), 0
local n, t = tonumber(call('HGET', T, 'n')), clock()
if not n or not known(ARGV[2]) then return 0 end
for i = 3, #ARGV, 3 do
  local entry = call('XRANGE', b .. ':d', ARGV[i], ARGV[i])[1]
  if entry and call('XDEL', b .. ':d', ARGV[i]) == 1 then
    count = count + 1
    if ARGV[1] == 'requeue' then
      local body = ARGV[i + 1] == '1' and ARGV[i + 2] or field(entry, 'b') or ''
      append(b, n, field(entry, 'p') or '0', body, 0, t)
    end
  end
end
return count
