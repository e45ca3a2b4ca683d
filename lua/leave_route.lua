#!lua flags=allow-oom
-- Removes a route when it is of this generation or an older one.
--
-- KEYS  routes of the group, groups of the node in this partition
-- ARGV  node, generation, group
-- Returns nothing
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held or tonumber(held) <= tonumber(ARGV[2]) then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('SREM', KEYS[2], ARGV[3])
end
