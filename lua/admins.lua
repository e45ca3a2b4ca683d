-- Who is admin where nobody else decides. Not a script: this stands at the head of those that change who is a
-- member, so that all of them decide alike.
--
-- A member's value in the state is their role (a or m) and the seq of the event by which they joined; behind a space,
-- the name of a role of a later version, whose letter is m. `ad` is the number of admins, and the member version that
-- it is of: a number of another version counts for nothing.

-- Traits of every event that changes members: shown, not counted, without effect on other events.
local MEMBERSHIP_TRAITS = 2

local function role_of(member)
  return member and member:sub(1, 1)
end

local function since_of(member)
  return tonumber(member:match('^.(%d+)')) or 0
end

local function is_of_later_role(member)
  return member:find(' ', 1, true) ~= nil
end

-- Whether a role makes a difference to a member: one of a later version counts as `m`, and stays where that is given.
local function becomes(member, role)
  local name = member:match(' (.+)$')
  if name and role == 'm' then return false end
  return (name or role_of(member)) ~= role
end

local function member_of(role, since)
  if #role > 1 then return string.format('m%d %s', since, role) end
  return string.format('%s%d', role, since)
end

-- The number of admins, when what the state keeps is of this member version.
local function kept_admins(kept, version)
  local count, of = (kept or ''):match('^(%d+) (%d+)$')
  return of == version and tonumber(count) or nil
end

local function keep_admins(state, count, version)
  redis.call('HSET', state, 'ad', string.format('%d %d', count, version))
end

-- By their bytes: Lua compares by the locale of the server.
local function comes_before(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = one:byte(at), other:byte(at)
    if a ~= b then return a < b end
  end
  return #one < #other
end

-- Looks at every member: how many are admins, who has been a member longest, since when, and whether anybody has
-- a role of a later version.
local function survey(state)
  local fields = redis.call('HGETALL', state)
  local admins, eldest, since, later = 0, nil, nil, false
  for at = 1, #fields, 2 do
    if fields[at]:sub(1, 1) == '@' then
      local user, from = fields[at]:sub(2), since_of(fields[at + 1])
      if role_of(fields[at + 1]) == 'a' then admins = admins + 1 end
      later = later or is_of_later_role(fields[at + 1])
      if not eldest or from < since or (from == since and comes_before(user, eldest)) then
        eldest, since = user, from
      end
    end
  end
  return admins, eldest, since, later
end

-- Where a group has members and no admin, makes the one who has been a member longest an admin, by an event of
-- the hub's; answers its seq. A role of a later version may be one that leads: nobody is put beside it. It belongs to what was taken before, so the log's cap does not stop it.
local function keep_an_admin(log, state, group, origin, cid)
  local now = redis.call('HMGET', state, 's', 'n', 'h', 'k', 'mv', 'ad', 'w')
  if now[4] ~= 'group' or (kept_admins(now[6], now[5]) or 0) > 0 then return nil end
  local admins, eldest, since, later = survey(state)
  if admins > 0 or not eldest or later then
    keep_admins(state, admins, now[5])
    return nil
  end
  local seq = tonumber(now[1]) + 1
  local version = math.max(seq, tonumber(now[5]))
  local shown = tonumber(now[7]) + 1
  redis.call('HSET', state, 's', seq, 'w', shown, 'mv', version, '@' .. eldest, member_of('a', since))
  keep_admins(state, 1, version)
  redis.call('XADD', log, '*', 'v', 2, 'g', group, 's', seq, 'n', now[2], 'w', shown, 'h', now[3], 'o', origin,
    'f', 'hub.system', 'c', string.format('%s:%d', cid, seq), 'k', 'role', 'x', MEMBERSHIP_TRAITS, 'b', '',
    'u', eldest, 'r', 'a')
  return seq
end
