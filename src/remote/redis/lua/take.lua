-- For a consumer of an ordered queue: appends what is due, and hands out one message of each
-- partition of which none is out.
-- ARGV and results are those of `sweep.lua`; the token is a number that is used once.
local group, me, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local free, limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local b = base(group)
local n = tonumber(call('HGET', T, 'n'))
if not n or not known(group) then return redis.status_reply('LOST') end
local t = clock()
local _, least = attend(b, me, lease, t, function() return true end)
local moved = move(b, n, t, limit)

local lost, out = 0, {}
local function hand(p)
  local s, o = b .. ':s:' .. p, b .. ':o:' .. p
  while true do
    local id, body = call('HGET', o, 'id'), call('HGET', o, 'body')
    if not id then
      local entry = call('XRANGE', s, '-', '+', 'COUNT', 1)[1]
      if not entry then
        call('ZREM', b .. ':a', p)
        return
      end
      id, body = entry[1], field(entry, 'b') or ''
      call('HSET', o, 'id', id, 'count', tonumber(field(entry, 'd')) or 0)
    elseif not body then
      local entry = call('XRANGE', s, id, id)[1]
      body = entry and (field(entry, 'b') or '')
    end
    if body then
      local token = call('HINCRBY', T, 'seq', 1)
      local count = call('HINCRBY', o, 'count', 1)
      call('HSET', o, 'token', token, 'out', 1, 'owner', me)
      call('ZADD', b .. ':a', digits(t + lease), p)
      out[#out + 1] = {tonumber(p), id, token, count, body}
      return
    end
    -- Somebody has trimmed or deleted it.
    lost = lost + 1
    call('DEL', o)
  end
end
local now = digits(t)
for _, p in ipairs(call('ZRANGE', b .. ':a', '-inf', now, 'BYSCORE', 'LIMIT', 0, free)) do
  hand(p)
end
-- As many wake-ups are left as partitions are ready.
local left = call('ZCOUNT', b .. ':a', '-inf', now)
if left == 0 then
  call('DEL', b .. ':h')
else
  call('LTRIM', b .. ':h', 0, left - 1)
end
return {pause(t, b .. ':z', b .. ':a'), moved, lost, least, unpack(out)}
