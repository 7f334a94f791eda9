-- For a consumer of a queue that is not ordered: appends what is due, and takes over what
-- others did not settle in time.
-- ARGV: group, consumer, lease in ms, how many to take over at most, how many to append at
-- most, whether to make the consumer's wake stream anew.
-- Returns the time until the next is due (-1: nothing), how many were appended, how many
-- messages are lost, the shortest lease of any consumer, and what was taken over: partition,
-- id, token, deliveries, message. Or `LOST`: the group was there once.
local group, me, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local free, limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local b = base(group)
local s = b .. ':s:0'
if not call('HGET', T, 'n') or not known(group) then return redis.status_reply('LOST') end
local pending = try('XPENDING', s, group)
if pending.err then return redis.status_reply('LOST') end
local t = clock()
if ARGV[6] == '1' then
  call('DEL', b .. ':w:' .. me)
  call('XGROUP', 'CREATE', b .. ':w:' .. me, group, '$', 'MKSTREAM')
end

local holders = {}
for _, c in ipairs(pending[4] or {}) do holders[c[1]] = tonumber(c[2]) end
local leases, least = attend(b, me, lease, t, function(name)
  if holders[name] then return false end
  call('XGROUP', 'DELCONSUMER', s, group, name)
  return true
end)

local lost, out = 0, {}
local moved = move(b, 0, t, limit)
for name, _ in pairs(holders) do
  local theirs = leases[name] or lease
  if #out < free then
    local expired = call('XPENDING', s, group, 'IDLE', theirs, '-', '+', free - #out, name)
    for _, e in ipairs(expired) do
      local entry = call('XCLAIM', s, group, me, theirs, e[1])[1]
      -- What is not in the stream any more, somebody has trimmed or deleted.
      if entry then
        local deliveries = e[4] + 1 + (tonumber(field(entry, 'd')) or 0)
        out[#out + 1] = {0, e[1], e[4] + 1, deliveries, field(entry, 'b') or ''}
      else
        lost = lost + 1
      end
    end
  end
end

-- What was handed out to a consumer that somebody has deleted is nobody's: append it anew.
-- Acknowledging deletes, so whatever lies before the oldest that is out is such.
local function less(a, c)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local cm, cs = string.match(c, '(%d+)-(%d+)')
  am, as, cm, cs = tonumber(am), tonumber(as), tonumber(cm), tonumber(cs)
  return am < cm or (am == cm and as < cs)
end
local function last()
  for _, g in ipairs(call('XINFO', 'GROUPS', s)) do
    local named, id
    for i = 1, #g, 2 do
      if g[i] == 'name' then named = g[i + 1] == group end
      if g[i] == 'last-delivered-id' then id = g[i + 1] end
    end
    if named then return id end
  end
end
local read = last()
local oldest = call('XPENDING', s, group)[2]
for _ = 1, 100 do
  local entry = call('XRANGE', s, '-', '+', 'COUNT', 1)[1]
  if not entry or less(read, entry[1]) or (oldest and not less(entry[1], oldest)) then break end
  call('XDEL', s, entry[1])
  append(b, 0, 0, field(entry, 'b') or '', (tonumber(field(entry, 'd')) or 0) + 1, t)
end
return {pause(t, b .. ':z'), moved, lost, least, unpack(out)}
