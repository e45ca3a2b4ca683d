#!lua flags=allow-oom
-- Forgets the state of a group whose life ends, and keeps for a while which life that was, so that nobody restores it.
--
-- KEYS  state of the group, recent cache, heads
-- ARGV  group, seq that the life began after, seq and n of the store's head, log cap, how long it is kept (s)
-- Returns {1, seq, n} where a life to come begins, {0, seq, n} when that was known or it has begun already
local state, recent, heads = KEYS[1], KEYS[2], KEYS[3]
local life, stored, stored_n, cap = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local held = redis.call('HMGET', state, 's', 'n', 'b', 'bn')
if held[3] and tonumber(held[3]) > life then return { 0, tonumber(held[3]), tonumber(held[4] or 0) } end

-- A life that is not known here may have given as many seqs beyond the head as a log holds.
local seq, n
if held[1] then
  seq, n = math.max(tonumber(held[1]), stored, life) + 1, math.max(tonumber(held[2]), stored_n)
else
  seq, n = math.max(stored, life) + cap + 1, stored_n + cap
end
redis.call('DEL', state, recent)
redis.call('ZREM', heads, ARGV[1])
redis.call('HSET', state, 'l', life, 'b', seq, 'bn', n)
redis.call('EXPIRE', state, ARGV[6])
return { 1, seq, n }
