#!lua flags=allow-oom
-- From now on this life of a node is refused.
--
-- KEYS  lease ends, reaped lives
-- ARGV  node, whether it leaves by itself (1|0), how long reaped lives are remembered (ms)
-- Returns 1, or 0 when its lease lives
local node = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] == '1' then
  redis.call('ZADD', KEYS[1], 'XX', now, node)
elseif tonumber(redis.call('ZSCORE', KEYS[1], node) or 0) > now then
  return 0
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[3]))
redis.call('ZADD', KEYS[2], now, node)
return 1
