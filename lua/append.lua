#!lua
-- Appends sends to a partition's log, each with its group's next seq. Refused when out of memory.
--
-- KEYS  log, the state of each of G groups, a cid key for each send
-- ARGV  origin, log cap, cid window (s), G, then for each send eight:
--       number of its group (1..G), group, from, cid, kind, traits, standing, body
-- Traits are bits: 1 counted in n, 2 shown, the rest is the version of the effect. Standing is what the sender must
-- be: 0 anybody, 1 a member, 2 an admin (in a direct chat a member), 3 an admin (in a direct chat nobody is one),
-- 4 somebody who may pin.
-- Returns for each send one of
--       {0, seq, n, id} accepted   {1, seq} seen   {2} not a member   {3} unknown   {4} full   {5} not an admin
--       {6} archived
local log, origin = KEYS[1], ARGV[1]
local room = tonumber(ARGV[2]) - redis.call('XLEN', log)
local window, groups = ARGV[3], tonumber(ARGV[4])

-- What this batch knows of its groups: false when unknown, else s, n, w, h, b, k, p, z, and the members asked for.
local states = {}

local function state_of(number, field)
  local state = states[number]
  if state == nil then
    local held = redis.call('HMGET', KEYS[1 + number], 's', 'n', 'w', 'h', 'b', 'k', 'p', 'z', field)
    state = held[1] and { s = tonumber(held[1]), n = tonumber(held[2]), w = tonumber(held[3]), h = held[4],
      b = tonumber(held[5] or 0), k = held[6], p = held[7], z = held[8], [field] = held[9] }
    states[number] = state
  elseif state and state[field] == nil then
    state[field] = redis.call('HGET', KEYS[1 + number], field)
  end
  return state
end

-- The seq of a send that was seen in the group's present life.
local function in_this_life(seen, state)
  seen = tonumber(seen or 0)
  return seen > state.b and seen
end

-- Why a member, as the state holds them, may not send what asks for a standing; nil where they may.
local function refusal(state, member, standing)
  if standing == '0' then return nil end
  if not member then return 2 end
  if state.z == '1' then return 6 end
  local admin = member:sub(1, 1) == 'a'
  local leads = admin or state.k == 'direct'
  if standing == '2' and not leads then return 5 end
  if standing == '3' and not admin then return 5 end
  if standing == '4' and not leads and state.p ~= 'members' then return 5 end
  return nil
end

local function append(state, cid_key, at)
  local seq = state.s + 1
  local held = redis.call('SET', cid_key, seq, 'NX', 'GET', 'EX', window)
  local seen = in_this_life(held, state)
  if seen then return { 1, seen } end
  if held then redis.call('SET', cid_key, seq, 'EX', window) end
  state.s, state.changed = seq, true
  local traits = tonumber(ARGV[at + 5])
  state.n = state.n + traits % 2
  state.w = state.w + math.floor(traits / 2) % 2
  room = room - 1
  local id = redis.call('XADD', log, '*', 'v', 2, 'g', ARGV[at + 1], 's', seq, 'n', state.n, 'w', state.w,
    'h', state.h, 'o', origin, 'f', ARGV[at + 2], 'c', ARGV[at + 3], 'k', ARGV[at + 4], 'x', ARGV[at + 5],
    'b', ARGV[at + 7])
  return { 0, seq, state.n, id }
end

local answers = {}
for send = 1, #KEYS - 1 - groups do
  local at = 5 + (send - 1) * 8
  local cid_key, member_field = KEYS[1 + groups + send], '@' .. ARGV[at + 2]
  local state = state_of(tonumber(ARGV[at]), member_field)
  local refused = state and refusal(state, state[member_field], ARGV[at + 6])
  if not state then
    answers[send] = { 3 }
  elseif not refused and room > 0 then
    answers[send] = append(state, cid_key, at)
  else
    local seen = in_this_life(redis.call('GET', cid_key), state)
    answers[send] = seen and { 1, seen } or { refused or 4 }
  end
end

for number, state in pairs(states) do
  if state and state.changed then redis.call('HSET', KEYS[1 + number], 's', state.s, 'n', state.n, 'w', state.w) end
end
return answers
