#!lua flags=allow-oom
-- Notes that a group moved though nothing of it was committed. Where no moves are known nothing is done.
--
-- KEYS  moves, heads
-- ARGV  group, moves kept
-- Returns nothing
if redis.call('HEXISTS', KEYS[1], 'c') == 1 then note_moves(KEYS[1], KEYS[2], { ARGV[1] }, tonumber(ARGV[2])) end
