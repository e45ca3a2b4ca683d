#!lua flags=allow-oom
-- Takes or renews a partition's lease, and makes the log's consumer group.
--
-- KEYS  lease, log
-- ARGV  owner, token, length of the lease (ms)
-- Returns 1 when the lease is held now, else 0
local lease = ARGV[1] .. ' ' .. ARGV[2]
local is_ours, is_held = holds(KEYS[1], ARGV[2])
if is_held and not is_ours then return 0 end
redis.call('SET', KEYS[1], lease, 'PX', ARGV[3])
-- Answers BUSYGROUP when it is there already.
redis.pcall('XGROUP', 'CREATE', KEYS[2], 'fanout', '0', 'MKSTREAM')
return 1
