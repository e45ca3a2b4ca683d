#!lua flags=no-writes
-- Which groups' stored heads moved after a commit number.
--
-- KEYS  moves, heads
-- ARGV  the number
-- Returns {newest number, false} when that is not known, else {newest number, {groups}}
local moves = redis.call('HMGET', KEYS[1], 'c', 'b')
if not moves[1] then return { 0, false } end
local newest, after = tonumber(moves[1]), tonumber(ARGV[1])
if after < tonumber(moves[2]) or after > newest then return { newest, false } end
return { newest, redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf') }
