#!lua flags=no-writes
-- The events of the recent cache after a seq, when it reaches back so far.
--
-- KEYS  state of the group, recent cache
-- ARGV  the seq
-- Returns {seq of the first, {events}} or false
local newest = tonumber(redis.call('HGET', KEYS[1], 'x') or 0)
local oldest = newest - redis.call('LLEN', KEYS[2]) + 1
local first = tonumber(ARGV[1]) + 1
if first < oldest or first > newest then return false end
return { first, redis.call('LRANGE', KEYS[2], first - oldest, -1) }
