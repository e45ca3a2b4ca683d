#!lua flags=allow-oom
-- Acks an entry and appends it anew with a seq above the store's head; behind it, where it leaves members and no
-- admin, the event by which another becomes one.
--
-- KEYS  lease, log, state of the group, cid key
-- ARGV  token, id of the entry, its seq, seq, n and shown of the store's head, cid window (s), then of the
--       entry: group, origin, from, cid, kind, traits, body, users (spaces between), role (a|m, or a name); stem of
--       a successor's cid; what it sets as in rules.lua
-- Returns false when the lease is not held with this token, else 1
local lease, log, state, cid_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

if not holds(lease, ARGV[1]) then return false end
if redis.call('EXISTS', log) == 0 or redis.call('XACK', log, 'fanout', ARGV[2]) == 0 then return 1 end

local seen = redis.call('GET', cid_key)
if seen and seen ~= ARGV[3] then return 1 end
local now = redis.call('HMGET', state, 's', 'n', 'h', 'mv', 'c', 'b', 'w')
if not now[1] or tonumber(ARGV[3]) <= tonumber(now[6] or 0) then
  redis.call('DEL', cid_key)
  return 1
end

local kind, traits, role = ARGV[12], tonumber(ARGV[13]), ARGV[16]
local membership = kind == 'joined' or kind == 'left' or kind == 'role'
local seq = math.max(tonumber(now[1]), tonumber(ARGV[4])) + 1
local n = math.max(tonumber(now[2]), tonumber(ARGV[5])) + traits % 2
local shown = math.max(tonumber(now[7]), tonumber(ARGV[6])) + math.floor(traits / 2) % 2

-- Once more, under the new seq: the set may have come from the store meanwhile.
local function apply(users)
  local count = tonumber(now[5])
  for user in users:gmatch('%S+') do
    local field = '@' .. user
    if kind == 'joined' then
      count = count + redis.call('HSET', state, field, member_of(role, seq))
    elseif kind == 'left' then
      count = count - redis.call('HDEL', state, field)
    else
      local was = redis.call('HGET', state, field)
      if was then redis.call('HSET', state, field, member_of(role, since_of(was))) end
    end
  end
  redis.call('HSET', state, 'mv', math.max(seq, tonumber(now[4])), 'c', count)
end

local entry = { 'v', 2, 'g', ARGV[8], 's', seq, 'n', n, 'w', shown, 'h', now[3], 'o', ARGV[9], 'f', ARGV[10],
  'c', ARGV[11], 'k', kind, 'x', traits, 'b', ARGV[14] }
if membership then
  apply(ARGV[15])
  for _, value in ipairs({ 'u', ARGV[15], 'r', role }) do entry[#entry + 1] = value end
end
if kind == 'updated' then
  set_rules(state, ARGV[18], seq)
  for _, value in ipairs({ 'q', ARGV[18] }) do entry[#entry + 1] = value end
end
redis.call('HSET', state, 's', seq, 'n', n, 'w', shown)
redis.call('SET', cid_key, seq, 'EX', ARGV[7])
redis.call('XADD', log, '*', unpack(entry))
if membership then keep_an_admin(log, state, ARGV[8], ARGV[9], ARGV[17]) end
return 1
