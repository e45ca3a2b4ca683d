#!lua flags=allow-oom
-- The next boot epoch of a node's base name.
--
-- KEYS  epochs
-- ARGV  base name, the least that it may be
-- Returns the epoch
local epoch = math.max(tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) + 1, tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], ARGV[1], epoch)
return epoch
