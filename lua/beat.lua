#!lua flags=allow-oom
-- Renews or takes a node's lease, and looks at all others.
--
-- KEYS  records, lease ends, reaped lives, meta
-- ARGV  node, record, length of the lease (ms)
-- Returns {renewed (1|0), uptime (ms), {records of live nodes}, {dead nodes}}
local records, ends, reaped, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local node, lease = ARGV[1], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Nobody's beat for half a lease means that nobody could: nodes get a lease's length to come back.
local known = redis.call('HMGET', meta, 'since', 'beat')
local since = tonumber(known[1] or now)
local last = tonumber(known[2] or now)
if now - last > lease / 2 or now < last then since = now end
redis.call('HSET', meta, 'since', since, 'beat', now)

local held = tonumber(redis.call('ZSCORE', ends, node) or 0) > now
local refused = redis.call('ZSCORE', reaped, node)
if not refused then
  redis.call('HSET', records, node, ARGV[2])
  redis.call('ZADD', ends, now + lease, node)
end

local live, dead = {}, redis.call('ZRANGEBYSCORE', ends, '-inf', now)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', ends, '(' .. string.format('%d', now), '+inf')) do
  live[#live + 1] = redis.call('HGET', records, name) or nil
end
return { held and not refused and 1 or 0, now - since, live, dead }
