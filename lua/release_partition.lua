#!lua flags=allow-oom
-- Gives a lease of a partition back, an owner's or a follower's, if it is held with this token.
--
-- KEYS  lease
-- ARGV  token
-- Returns nothing
if holds(KEYS[1], ARGV[1]) then redis.call('DEL', KEYS[1]) end
