#!lua
-- Checks a membership change, applies it to the member set and appends it. Refused when out of memory.
--
-- KEYS  log, state of the group, cid key
-- ARGV  origin, log cap, cid window (s), group, actor, cid, kind (joined|left|role), role (a|m),
--       permission (admin|oneself|hub), most members, then the users
-- Returns {0, seq} accepted   {1} unchanged   {2} forbidden   {3} too many   {4} unknown   {5} full
local log, state, cid_key = KEYS[1], KEYS[2], KEYS[3]
local actor, kind, role, permission = ARGV[5], ARGV[7], ARGV[8], ARGV[9]
local FIRST_USER = 11

local held = redis.call('HMGET', state, 's', 'n', 'h', 'k', 'a', 'c', '@' .. actor)
if not held[1] then return { 4 } end
local seen = redis.call('GET', cid_key)
if seen then return { 0, tonumber(seen) } end

-- Nobody but the hub changes a direct chat, and nobody gives themself a role.
local function may_ever()
  if permission == 'hub' then return true end
  if held[4] == 'direct' then return false end
  if permission == 'admin' then return held[7] == 'a' end
  for i = FIRST_USER, #ARGV do
    if ARGV[i] ~= actor then return false end
  end
  return kind == 'left' or (kind == 'joined' and role == 'm')
end

-- Those of the users for whom something changes, each once.
local function affected()
  local users, told = {}, {}
  for i = FIRST_USER, #ARGV do
    local user = ARGV[i]
    local has = redis.call('HGET', state, '@' .. user)
    local changes = (kind == 'joined' and not has) or (kind == 'left' and has) or
      (kind == 'role' and has and has ~= role)
    if changes and not told[user] then
      told[user] = true
      users[#users + 1] = user
    end
  end
  return users
end

if not may_ever() then return { 2 } end
local users = affected()
if #users == 0 then return { 1 } end
local count = tonumber(held[6])
if kind == 'joined' then
  if permission == 'oneself' and held[5] ~= 'open' then return { 2 } end
  if count + #users > tonumber(ARGV[10]) then return { 3 } end
  count = count + #users
elseif kind == 'left' then
  count = count - #users
end
if redis.call('XLEN', log) >= tonumber(ARGV[2]) then return { 5 } end

local seq = tonumber(held[1]) + 1
for _, user in ipairs(users) do
  if kind == 'left' then
    redis.call('HDEL', state, '@' .. user)
  else
    redis.call('HSET', state, '@' .. user, role)
  end
end
redis.call('HSET', state, 's', seq, 'mv', seq, 'c', count)
redis.call('SET', cid_key, seq, 'EX', ARGV[3])
redis.call('XADD', log, '*', 'v', 1, 'g', ARGV[4], 's', seq, 'n', held[2], 'h', held[3], 'o', ARGV[1],
  'f', actor, 'c', ARGV[6], 'k', kind, 'b', '', 'u', table.concat(users, ' '), 'r', role)
return { 0, seq }
