#!lua flags=allow-oom
-- Takes or renews a follower's lease for a partition.
--
-- KEYS  lease
-- ARGV  node, token, length of the lease (ms)
-- Returns 1 when the lease is held now, else 0
local is_ours, is_held = holds(KEYS[1], ARGV[2])
if is_held and not is_ours then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 1
