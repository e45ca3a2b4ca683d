#!lua
-- Checks a membership change, applies it to the member set and appends it; behind it, where it leaves members
-- and no admin, the event by which another becomes one. Refused when out of memory.
--
-- KEYS  log, state of the group, cid key
-- ARGV  origin, log cap, cid window (s), group, actor, cid, kind (joined|left|role), role (a|m),
--       permission (admin|oneself|password|invited|hub), most members, stem of a successor's cid, then the users
-- Returns {0, seq of the newest event that it brought} accepted   {0, its own seq} accepted before
--         {1} unchanged   {2} forbidden   {3} too many   {4} unknown   {5} full   {6} no admin would be left
--         {7} archived
local log, state, cid_key = KEYS[1], KEYS[2], KEYS[3]
local actor, kind, role, permission = ARGV[5], ARGV[7], ARGV[8], ARGV[9]
local FIRST_USER = 12

local function read_state()
  return redis.call('HMGET', state, 's', 'n', 'h', 'k', 'a', 'c', '@' .. actor, 'mv', 'ad', 'b', 'w', 'z')
end

local function succeed()
  return keep_an_admin(log, state, ARGV[4], ARGV[1], ARGV[11])
end

local held = read_state()
if not held[1] then return { 4 } end
-- What was seen in an earlier life of the group does not count.
local seen = tonumber(redis.call('GET', cid_key) or 0)
if seen > tonumber(held[10] or 0) then return { 0, seen } end
if not kept_admins(held[9], held[8]) then
  -- The set is one that an earlier version wrote: it may be without an admin already.
  succeed()
  held = read_state()
end

-- Nobody but the hub changes a direct chat, or a group of a kind that is not known here, and nobody gives themself a role.
local function may_ever()
  if permission == 'hub' then return true end
  if held[4] ~= 'group' then return false end
  if permission == 'admin' then return role_of(held[7]) == 'a' end
  for i = FIRST_USER, #ARGV do
    if ARGV[i] ~= actor then return false end
  end
  return kind == 'left' or (kind == 'joined' and role == 'm')
end

-- Those of the users for whom something changes, each once; what they were by name; how many were admins.
local function affected()
  local users, were, admins = {}, {}, 0
  for i = FIRST_USER, #ARGV do
    local user = ARGV[i]
    local was = redis.call('HGET', state, '@' .. user)
    local changes = (kind == 'joined' and not was) or (kind == 'left' and was) or
      (kind == 'role' and was and becomes(was, role))
    if changes and were[user] == nil then
      were[user] = was
      users[#users + 1] = user
      if role_of(was) == 'a' then admins = admins + 1 end
    end
  end
  return users, were, admins
end

if not may_ever() then return { 2 } end
local leaves = permission == 'oneself' and kind == 'left'
if held[12] == '1' and permission ~= 'hub' and not leaves then return { 7 } end
local users, were, admins_before = affected()
if #users == 0 then return { 1 } end
local count = tonumber(held[6])
local admins = (kept_admins(held[9], held[8]) or 0) - admins_before
if kind ~= 'left' and role == 'a' then admins = admins + #users end
if kind == 'role' and held[4] == 'group' and admins < 1 then return { 6 } end
if kind == 'joined' then
  if permission == 'oneself' and held[5] ~= 'open' then return { 2 } end
  if permission == 'password' and held[5] ~= 'password' then return { 2 } end
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
    redis.call('HSET', state, '@' .. user, member_of(role, were[user] and since_of(were[user]) or seq))
  end
end
local shown = tonumber(held[11]) + 1
redis.call('HSET', state, 's', seq, 'w', shown, 'mv', seq, 'c', count)
keep_admins(state, admins, seq)
redis.call('SET', cid_key, seq, 'EX', ARGV[3])
redis.call('XADD', log, '*', 'v', 2, 'g', ARGV[4], 's', seq, 'n', held[2], 'w', shown, 'h', held[3],
  'o', ARGV[1], 'f', actor, 'c', ARGV[6], 'k', kind, 'x', MEMBERSHIP_TRAITS, 'b', '', 'u', table.concat(users, ' '),
  'r', role)
return { 0, succeed() or seq }
