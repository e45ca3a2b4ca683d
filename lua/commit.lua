#!lua flags=allow-oom
-- Acks what is stored, moves the groups' stored heads on, fills their recent caches, trims the log,
-- answers who has a route, and tells those of them within reach.
--
-- KEYS  lease, log, moves, heads, then for each node within reach two: inbox, mark of a full inbox,
--       then for each group three: state, routes, recent cache
-- ARGV  token, recent cap, recent ttl (s), moves kept, trim every so many commits, inbox cap, number of
--       acks, the ids to ack, number of nodes within reach (none in a Cluster: their inboxes lie in other
--       slots), their names, then for each group: group, seq, n, shown, time, seq of the newest event that deletes
--       another (0 where none does: the cache keeps nothing from below it), number of events, for each event: seq,
--       event; and where nodes are within reach: peer message, number of askers, their names
-- Returns false when the lease is not held with this token, else for each group {base, {its nodes}}; the base is -1
--       when it is not known. Nobody is told here of a group with events that may be of an earlier life
local lease, log, moves, heads = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, recent_cap, recent_ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local moves_kept, trim_every, inbox_cap = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
-- Values that one command takes: Lua's stack has an end.
local CHUNK = 1000
-- The recent cache may be so much longer than its cap, that it need not be cut each time.
local SLACK = math.floor(recent_cap / 8)

if not holds(lease, token) then return false end

-- === Arguments, read once from front to back; what is long stays where it is and is named by where it begins ===

local at = 7

local function next_arg()
  at = at + 1
  return ARGV[at - 1]
end

local function next_number()
  return tonumber(next_arg())
end

local function skip(count)
  at = at + count
  return at - count
end

local function read_acks()
  local count = next_number()
  return skip(count), count
end

-- Nodes within reach, by name: where their inboxes are, and what they are told.
local function read_reach()
  local reach, count = {}, next_number()
  for node = 1, count do
    reach[next_arg()] = { inbox = KEYS[3 + 2 * node], full = KEYS[4 + 2 * node], fields = {} }
  end
  return reach, count
end

local function read_names()
  local names = {}
  for name = 1, next_number() do names[name] = next_arg() end
  return names
end

-- === The log: acks, and what may go ===

local function ack(first_id, count)
  local acked = 0
  for first = first_id, first_id + count - 1, CHUNK do
    local last = math.min(first + CHUNK, first_id + count) - 1
    acked = acked + redis.call('XACK', log, 'fanout', unpack(ARGV, first, last))
  end
  return acked
end

-- Only behind the oldest pending entry; when none is pending, behind the last delivered one.
local function trim()
  local pending = redis.call('XPENDING', log, 'fanout')
  if pending[1] > 0 then
    redis.call('XTRIM', log, 'MINID', pending[2])
    return
  end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', log)) do
    if group[2] == 'fanout' then
      local ms, n = group[8]:match('(%d+)-(%d+)')
      redis.call('XTRIM', log, 'MINID', string.format('%s-%d', ms, n + 1))
    end
  end
end

-- === The recent cache ===

-- The cache is a list without holes whose last event is `newest`. Answers the new newest.
local function fill(cache, newest, first_event, count)
  local fresh = {}
  for event = first_event, first_event + 2 * count - 2, 2 do
    local seq = tonumber(ARGV[event])
    if seq > newest then
      if seq > newest + 1 then
        redis.call('DEL', cache)
        fresh = {}
      end
      fresh[#fresh + 1] = ARGV[event + 1]
      newest = seq
    end
  end
  if #fresh > 0 then
    local length = 0
    for first = 1, #fresh, CHUNK do
      length = redis.call('RPUSH', cache, unpack(fresh, first, math.min(first + CHUNK - 1, #fresh)))
    end
    if length > recent_cap + SLACK then redis.call('LTRIM', cache, -recent_cap, -1) end
    redis.call('EXPIRE', cache, recent_ttl)
  end
  return newest
end

-- === Stored heads ===

-- Moves one group on; answers whether its stored head moved, where its present life begins, and whether all its
-- events belong to it. A group whose state is absent stays so.
local function advance(state, cache)
  local seq, n, shown, time = next_number(), next_number(), next_number(), next_arg()
  local erased_at, count = next_number(), next_number()
  local first_event = skip(2 * count)
  if erased_at > 0 then redis.call('DEL', cache) end
  local now = redis.call('HMGET', state, 's', 'n', 'h', 'x', 'b', 'w')
  local base = tonumber(now[5] or now[1] and 0 or -1)
  local present = base >= 0 and (count == 0 or tonumber(ARGV[first_event]) > base)
  if not now[1] then return false, base, present end
  local newest = math.max(tonumber(now[4] or 0), base, erased_at - 1)
  local fields = { 'x', fill(cache, newest, first_event, count) }
  local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  if seq > tonumber(now[1]) then set('s', seq) end
  if n > tonumber(now[2]) then set('n', n) end
  if shown > tonumber(now[6]) then set('w', shown) end
  local moved = seq > tonumber(now[3])
  if moved then
    set('h', seq)
    set('hn', n)
    set('hw', shown)
    set('ht', time)
  end
  redis.call('HSET', state, unpack(fields))
  return moved, base, present
end

-- === What nodes within reach are told ===

-- Each group has one message, which a node gets once though it has a route and asks as well.
local function address(reach, group, message, names)
  for _, name in ipairs(names) do
    local node = reach[name]
    if node and node.last ~= group then
      node.last = group
      node.fields[#node.fields + 1] = 'p'
      node.fields[#node.fields + 1] = message
    end
  end
end

-- As post.lua does it, with many peer messages in one entry.
local function post(node)
  if redis.call('XLEN', node.inbox) < inbox_cap then
    for first = 1, #node.fields, CHUNK do
      local last = math.min(first + CHUNK - 1, #node.fields)
      redis.call('XADD', node.inbox, 'NOMKSTREAM', '*', unpack(node.fields, first, last))
    end
  elseif redis.call('SET', node.full, 1, 'NX') then
    redis.call('XADD', node.inbox, 'NOMKSTREAM', '*', 'full', 1)
  end
end

-- === The commit ===

local acked = ack(read_acks())
local reach, reached = read_reach()
local moved, nodes = {}, {}
for key = 5 + 2 * reached, #KEYS, 3 do
  local group = next_arg()
  local has_moved, base, present = advance(KEYS[key], KEYS[key + 2])
  if has_moved then moved[#moved + 1] = group end
  local routes = redis.call('HKEYS', KEYS[key + 1])
  nodes[#nodes + 1] = { base, routes }
  if reached > 0 then
    local message, askers = next_arg(), read_names()
    if present then
      address(reach, group, message, routes)
      address(reach, group, message, askers)
    end
  end
end
for _, node in pairs(reach) do
  if #node.fields > 0 then post(node) end
end
if #moved > 0 then note_moves(moves, heads, moved, moves_kept) end
-- A small batch leaves its entries in the log for one of so many commits to trim. Acks that go alone leave none.
local function is_turn_to_trim()
  return #moved == 0 or redis.call('HINCRBY', moves, 't', 1) % trim_every == 0
end
if acked >= trim_every or acked > 0 and is_turn_to_trim() then trim() end
return nodes
