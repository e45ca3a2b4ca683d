#!lua
-- Checks a change of what admins set of a group, applies it to the state and appends it. Refused when out of memory.
--
-- KEYS  log, state of the group, cid key
-- ARGV  origin, log cap, cid window (s), group, actor, cid, kind, traits, rules, body
-- Returns {0, seq} accepted, now or before   {2} forbidden   {4} unknown   {5} full
local log, state, cid_key = KEYS[1], KEYS[2], KEYS[3]
local traits, rules = tonumber(ARGV[8]), ARGV[9]

local held = redis.call('HMGET', state, 's', 'n', 'w', 'h', 'k', 'b', '@' .. ARGV[5])
if not held[1] then return { 4 } end
-- What was seen in an earlier life of the group does not count.
local seen = tonumber(redis.call('GET', cid_key) or 0)
if seen > tonumber(held[6] or 0) then return { 0, seen } end

-- Nobody changes a direct chat, or a group of a kind that is not known here.
if held[5] ~= 'group' or not held[7] or held[7]:sub(1, 1) ~= 'a' then return { 2 } end
if redis.call('XLEN', log) >= tonumber(ARGV[2]) then return { 5 } end

local seq = tonumber(held[1]) + 1
local n = tonumber(held[2]) + traits % 2
local shown = tonumber(held[3]) + math.floor(traits / 2) % 2
redis.call('HSET', state, 's', seq, 'n', n, 'w', shown)
set_rules(state, rules, seq)
redis.call('SET', cid_key, seq, 'EX', ARGV[3])
redis.call('XADD', log, '*', 'v', 2, 'g', ARGV[4], 's', seq, 'n', n, 'w', shown, 'h', held[4], 'o', ARGV[1],
  'f', ARGV[5], 'c', ARGV[6], 'k', ARGV[7], 'x', traits, 'b', ARGV[10], 'q', rules)
return { 0, seq }
