-- ARGV: number of partitions (0: not ordered), then the groups.
-- Returns 1 if the queue was made by this, 0 if it was there; or -1 and the number of
-- partitions that it has instead.
local wanted = tonumber(ARGV[1])
local n, made = tonumber(call('HGET', T, 'n')), 0
if not n then
  call('HSET', T, 'n', wanted)
  n, made = wanted, 1
elseif n ~= wanted then
  return {-1, n}
end
for i = 2, #ARGV do
  local b = base(ARGV[i])
  if not known(ARGV[i]) then
    if call('SCARD', T .. ':groups') == 0 then
      -- The first group gets what waits for it.
      local u = T .. ':u'
      local tails = {':z', ':a', ':h', ':s:0'}
      for _, p in ipairs(call('ZRANGE', u .. ':a', 0, -1)) do
        if p ~= '0' then tails[#tails + 1] = ':s:' .. p end
      end
      for _, tail in ipairs(tails) do
        if call('EXISTS', u .. tail) == 1 then call('RENAMENX', u .. tail, b .. tail) end
      end
    end
    call('SADD', T .. ':groups', ARGV[i])
  end
  if n == 0 then
    -- From the beginning, so that what is there already is handed out.
    local ok = try('XGROUP', 'CREATE', b .. ':s:0', ARGV[i], '0', 'MKSTREAM')
    if ok.err and not string.find(ok.err, 'BUSYGROUP', 1, true) then return ok end
  end
end
return {made, n}
