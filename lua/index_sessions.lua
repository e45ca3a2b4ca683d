#!lua flags=allow-oom
-- Notes sessions in their node's index, from which a dead node is reaped.
--
-- KEYS  sessions of the node
-- ARGV  "session user" of each
-- Returns nothing
redis.call('SADD', KEYS[1], unpack(ARGV))
