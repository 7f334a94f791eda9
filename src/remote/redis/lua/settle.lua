-- ARGV: what to do, group, consumer, partition, id, token, the message as it is to be, and
-- a number: after how long (retry), how often it was handed out (release), how long (extend);
-- then the code and text of the reason (dead).
-- Returns 1; or 0 if the lease is not the consumer's any more, and then changes nothing.
local what, group, me, p, id = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local token, body, number = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local b = base(group)
local s, o = b .. ':s:' .. p, b .. ':o:' .. p
local n = tonumber(call('HGET', T, 'n'))
if not n then return 0 end
local t = clock()

if n == 0 then
  local held = try('XPENDING', s, group, id, id, 1, me)
  if held.err or not held[1] or held[1][4] ~= token then return 0 end
else
  local held = call('HMGET', o, 'token', 'out')
  if tonumber(held[1]) ~= token or held[2] ~= '1' then return 0 end
end

-- It is out no more, and in the stream no more.
local function drop()
  if n == 0 then
    call('XACK', s, group, id)
    call('XDEL', s, id)
  else
    call('XDEL', s, id)
    call('DEL', o)
    call('ZREM', b .. ':a', p)
    if call('XLEN', s) > 0 then ready(b, p, t) end
  end
end

-- It keeps its place: the partition waits for it.
local function stay(count, due)
  local first = call('ZRANGE', b .. ':a', 0, 0, 'WITHSCORES')
  call('HSET', o, 'out', 0, 'count', count, 'body', body)
  call('ZADD', b .. ':a', digits(due), p)
  if due <= t then
    call('RPUSH', b .. ':h', p)
  elseif due < tonumber(first[2] or '0') then
    wake(b, n)
  end
end

if what == 'ack' then
  drop()
elseif what == 'dead' then
  drop()
  call('XADD', b .. ':d', '*', 'code', ARGV[9], 'text', ARGV[10], 'p', p, 'b', body)
elseif what == 'retry' then
  if n > 0 then
    stay(0, t + number)
  else
    drop()
    if number > 0 then later(b, n, p, body, t + number) else append(b, n, p, body, 0, t) end
  end
elseif what == 'release' then
  if n > 0 then
    stay(number - 1, t)
  else
    drop()
    append(b, n, p, body, number - 1, t)
  end
elseif what == 'extend' then
  if n > 0 then
    call('ZADD', b .. ':a', digits(t + number), p)
  elseif #call('XCLAIM', s, group, me, 0, id, 'JUSTID') == 0 then
    return 0
  end
end
return 1
