-- ARGV: window in ms (0: none), number of partitions as known (-1: not at all), how many words
-- there are for each message, and these: its id, itself, and of 4 the hash of its key and its
-- delay in ms. 2 are for a queue that is not ordered, and for messages that are due.
-- Returns whether the queue was made by this, and for each message 1 (stored), 0 (known
-- already) or what is wrong with it. Or `LOST`: the queue was there once.
local window, expected, words = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local n, made = tonumber(call('HGET', T, 'n')), 0
if not n then
  if expected >= 0 then return redis.status_reply('LOST') end
  call('HSET', T, 'n', 0)
  n, made = 0, 1
end
-- It was made anew, by one that has it in order.
if words == 2 and n > 0 then return redis.status_reply('LOST') end
local bases = call('SMEMBERS', T .. ':groups')
for i, g in ipairs(bases) do bases[i] = base(g) end
if #bases == 0 then bases[1] = T .. ':u' end
local streams = {}
for i, b in ipairs(bases) do streams[i] = b .. ':s:0' end
local t, out, ids = clock(), {made}, T .. ':i:'
for i = 4, #ARGV, words do
  local key, body = ids .. ARGV[i], ARGV[i + 1]
  local result = 1
  if window > 0 and not call('SET', key, '', 'NX', 'PX', ARGV[1]) then
    result = 0
  elseif words == 2 then
    -- What most are: as `append` would, without a call of a function for each.
    for j = 1, #streams do
      local done = try('XADD', streams[j], '*', 'b', body)
      if type(done) == 'table' then result = done.err end
    end
  else
    local p = n > 0 and tonumber(ARGV[i + 2]) % n or 0
    local delay = tonumber(ARGV[i + 3])
    for _, b in ipairs(bases) do
      local ok, fault
      if delay > 0 then
        ok, fault = pcall(later, b, n, p, body, t + delay)
      else
        ok, fault = pcall(append, b, n, p, body, 0, t)
      end
      if not ok then
        result = type(fault) == 'table' and fault.err or tostring(fault)
      end
    end
  end
  -- What is not stored in every group must not be known by its id.
  if result ~= 1 and result ~= 0 then call('DEL', key) end
  out[#out + 1] = result
end
return out
