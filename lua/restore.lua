#!lua flags=allow-oom
-- Raises a group's state to what the store knows; makes it when it is absent, or of an earlier life. A set with members
-- and no admin gets one, by an event behind what is there; once it has one, a repeat appends nothing.
--
-- KEYS  log, state of the group, recent cache, moves, heads
-- ARGV  group, moves kept, seq, n, shown, time, kind, access, version, base, origin, stem of a successor's cid, pinning,
--       1 when archived, version of access, pinning and archived, then for each member: user, their value as in admins.lua
-- Returns 0 when what it is told is of an earlier life, or of one that was forgotten, else 1
local log, state, recent, moves, heads = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local seq, n, shown, version = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[9])
local base = tonumber(ARGV[10])
local rules_version = tonumber(ARGV[15])
local FIRST_MEMBER, CHUNK = 16, 1000

local held = redis.call('HMGET', state, 's', 'n', 'h', 'mv', 'b', 'l', 'w', 'rv')
-- `l`: the life that was forgotten last, where nothing else is left (forget.lua).
if held[1] and base < tonumber(held[5] or 0) or held[6] and base <= tonumber(held[6]) then return 0 end
if held[6] or held[1] and base > tonumber(held[5] or 0) then
  redis.call('DEL', state)
  held = { false, false, false, false }
end
local known = held[1]

local function drop_members()
  local fields = redis.call('HKEYS', state)
  for _, field in ipairs(fields) do
    if field:sub(1, 1) == '@' then redis.call('HDEL', state, field) end
  end
end

local function set_members()
  local pairs_of, admins = {}, 0
  for i = FIRST_MEMBER, #ARGV, 2 do
    pairs_of[#pairs_of + 1] = '@' .. ARGV[i]
    pairs_of[#pairs_of + 1] = ARGV[i + 1]
    if role_of(ARGV[i + 1]) == 'a' then admins = admins + 1 end
    if #pairs_of == CHUNK or i + 1 == #ARGV then
      redis.call('HSET', state, unpack(pairs_of))
      pairs_of = {}
    end
  end
  redis.call('HSET', state, 'mv', version, 'c', (#ARGV - FIRST_MEMBER + 1) / 2)
  keep_admins(state, admins, version)
end

-- A cache that outlived its state may have holes.
if not known then redis.call('DEL', recent) end
local moved = seq > tonumber(held[3] or 0)
redis.call('HSET', state, 's', math.max(seq, tonumber(held[1] or 0)), 'n', math.max(n, tonumber(held[2] or 0)),
  'w', math.max(shown, tonumber(held[7] or 0)), 'k', ARGV[7], 'b', base)
if not known or rules_version >= tonumber(held[8] or 0) then
  redis.call('HSET', state, 'a', ARGV[8], 'p', ARGV[13], 'z', ARGV[14], 'rv', rules_version)
end
if moved or not known then redis.call('HSET', state, 'h', seq, 'hn', n, 'hw', shown, 'ht', ARGV[6]) end
if not known or version >= tonumber(held[4]) then
  if known then drop_members() end
  set_members()
end
if moved then note_moves(moves, heads, { ARGV[1] }, tonumber(ARGV[2])) end
keep_an_admin(log, state, ARGV[1], ARGV[11], ARGV[12])
return 1
