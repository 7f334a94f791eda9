-- What every script begins with. KEYS[1] is the queue: `{prefix:queue}`, a hash with the
-- number of partitions in `n` (0: not ordered) and a counter in `seq`; every other key of the
-- queue has it as its beginning, and so its hash tag.
--
-- A group's keys begin with `<queue>:g:<group>`; those of what no group has claimed with
-- `<queue>:u`. After that:
--   :s:<p>  stream of partition p: what is ready, or out
--   :z      sorted set by due time: what is delayed; members are 14 digits that keep equal
--           times in order, 5 of the partition, and the message
--   :d      stream of the dead letters
--   :c      hash of consumers: name -> "<lease>:<last seen>", in milliseconds
--   :w:<c>  what wakes consumer c: a stream, or a list if the queue is ordered
-- and if the queue is ordered:
--   :o:<p>  hash of what is out of partition p, or is to be tried again
--   :a      sorted set of the partitions that have anything, by when they can be looked at
--   :h      list that wakes one consumer for each partition that has become ready
local T = KEYS[1]
local call, try = redis.call, redis.pcall

local function clock()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function base(group) return T .. ':g:' .. group end

local function known(group) return call('SISMEMBER', T .. ':groups', group) == 1 end

-- A number as decimal digits: of more than 14 Lua itself would keep but 14.
local function digits(n) return string.format('%.0f', n) end

-- Wakes every consumer: something is due earlier than they think.
local function wake(b, n)
  for _, c in ipairs(call('HKEYS', b .. ':c')) do
    local key = b .. ':w:' .. c
    if n > 0 then
      call('RPUSH', key, '1')
      call('LTRIM', key, -1, -1)
    else
      call('XADD', key, 'NOMKSTREAM', 'MAXLEN', 1, '*', 'w', '1')
    end
  end
end

-- Partition p may be looked at from now on, if nothing of it is out or waits.
local function ready(b, p, t)
  if call('ZADD', b .. ':a', 'NX', digits(t), p) == 1 then call('RPUSH', b .. ':h', p) end
end

-- Appends a message that was handed out d times.
local function append(b, n, p, body, d, t)
  local s = b .. ':s:' .. p
  if d > 0 then
    call('XADD', s, '*', 'b', body, 'd', d)
  else
    call('XADD', s, '*', 'b', body)
  end
  if n > 0 then ready(b, p, t) end
end

-- Keeps a message until it is due.
local function later(b, n, p, body, due)
  local z = b .. ':z'
  local first = call('ZRANGE', z, 0, 0, 'WITHSCORES')
  local seq = call('HINCRBY', T, 'seq', 1)
  call('ZADD', z, digits(due), string.format('%014d%05d', seq, p) .. body)
  if not first[2] or due < tonumber(first[2]) then wake(b, n) end
end

-- Appends what is due, so many at most.
local function move(b, n, t, limit)
  local z = b .. ':z'
  local due = call('ZRANGE', z, '-inf', digits(t), 'BYSCORE', 'LIMIT', 0, limit)
  for _, m in ipairs(due) do
    call('ZREM', z, m)
    append(b, n, tonumber(string.sub(m, 15, 19)), string.sub(m, 20), 0, t)
  end
  return #due
end

local function field(entry, name)
  local f = entry[2]
  for i = 1, #f, 2 do
    if f[i] == name then return f[i + 1] end
  end
  return nil
end

-- How long until the first of these sorted sets has something to do; -1: nothing to wait for.
local function pause(t, ...)
  local least = -1
  for _, z in ipairs({...}) do
    local first = call('ZRANGE', z, 0, 0, 'WITHSCORES')
    if first[2] then
      local wait = math.max(0, tonumber(first[2]) - t)
      if least < 0 or wait < least then least = wait end
    end
  end
  return least
end

-- Notes that a consumer is there, and forgets those that went without a word and left
-- nothing. Returns their leases, and the shortest of them.
local function attend(b, me, lease, t, left)
  call('HSET', b .. ':c', me, lease .. ':' .. digits(t))
  local leases, least = {}, lease
  local all = call('HGETALL', b .. ':c')
  for i = 1, #all, 2 do
    local l, seen = string.match(all[i + 1], '^(%d+):(%d+)$')
    l, seen = tonumber(l) or lease, tonumber(seen) or t
    if t - seen > 10 * l + 60000 and left(all[i]) then
      call('HDEL', b .. ':c', all[i])
      call('DEL', b .. ':w:' .. all[i])
    else
      leases[all[i]] = l
      least = math.min(least, l)
    end
  end
  return leases, least
end
