#!lua flags=allow-oom
-- Notes a session in its node's index, from which a dead node is reaped.
--
-- KEYS  sessions of the node
-- ARGV  "session user"
-- Returns nothing
redis.call('SADD', KEYS[1], ARGV[1])
