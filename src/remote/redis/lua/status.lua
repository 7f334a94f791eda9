-- Returns the number of partitions, how many are unclaimed, and for each group its name, how
-- many are ready, delayed, out and dead, and for each consumer its name, how many it has, and
-- for how long it has not asked. Nil: there is no such queue.
local n, t = tonumber(call('HGET', T, 'n')), clock()
if not n then return false end

local function length(b)
  if n == 0 then return call('XLEN', b .. ':s:0') end
  local sum = 0
  for _, p in ipairs(call('ZRANGE', b .. ':a', 0, -1)) do
    sum = sum + call('XLEN', b .. ':s:' .. p)
  end
  return sum
end

local result = {n, length(T .. ':u') + call('ZCARD', T .. ':u:z')}
local names = call('SMEMBERS', T .. ':groups')
table.sort(names)
for _, group in ipairs(names) do
  local b = base(group)
  local delayed, out, owners = call('ZCARD', b .. ':z'), 0, {}
  local waiting = 0
  if n == 0 then
    local pending = try('XPENDING', b .. ':s:0', group)
    if not pending.err then
      out = pending[1]
      for _, c in ipairs(pending[4] or {}) do owners[c[1]] = tonumber(c[2]) end
    end
  else
    local busy = call('ZRANGE', b .. ':a', '(' .. digits(t), '+inf', 'BYSCORE')
    for _, p in ipairs(busy) do
      local o = call('HMGET', b .. ':o:' .. p, 'out', 'owner')
      if o[1] == '1' then
        out = out + 1
        owners[o[2]] = (owners[o[2]] or 0) + 1
      elseif o[1] then
        waiting = waiting + 1
      end
    end
  end
  local ready = math.max(0, length(b) - out - waiting)
  local entry = {group, ready, delayed + waiting, out, call('XLEN', b .. ':d')}
  local consumers = call('HGETALL', b .. ':c')
  for i = 1, #consumers, 2 do
    local seen = tonumber(string.match(consumers[i + 1], ':(%d+)$')) or t
    entry[#entry + 1] = {consumers[i], owners[consumers[i]] or 0, math.max(0, t - seen)}
    owners[consumers[i]] = nil
  end
  for name, count in pairs(owners) do entry[#entry + 1] = {name, count, -1} end
  result[#result + 1] = entry
end
return result
