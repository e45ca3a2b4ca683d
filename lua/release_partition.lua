#!lua flags=allow-oom
-- Gives a partition's lease back, if it is held with this token.
--
-- KEYS  lease
-- ARGV  token
-- Returns nothing
local held = redis.call('GET', KEYS[1])
if held and held:sub(held:find(' ', 1, true) + 1) == ARGV[1] then redis.call('DEL', KEYS[1]) end
