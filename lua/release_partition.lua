#!lua flags=allow-oom
-- Gives a partition's lease back, if it is held with this token.
--
-- KEYS  lease
-- ARGV  token
-- Returns nothing
if holds(KEYS[1], ARGV[1]) then redis.call('DEL', KEYS[1]) end
