#!lua flags=allow-oom
-- Adds routes from groups to a node; answers where each group is.
--
-- KEYS  groups of the node in this partition, then for each group three: routes, state, recent cache
-- ARGV  node, generation, the groups
-- Returns for each group {seq, n, shown, time of the stored head, newest event or false}, or {} when unknown
local node, generation = ARGV[1], tonumber(ARGV[2])
local answers = {}
for i = 1, #ARGV - 2 do
  local routes, state, recent = KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1]
  redis.call('SADD', KEYS[1], ARGV[2 + i])
  if tonumber(redis.call('HGET', routes, node) or 0) < generation then redis.call('HSET', routes, node, ARGV[2]) end
  local head = redis.call('HMGET', state, 'h', 'hn', 'hw', 'ht', 'x')
  if head[1] then
    local last = head[5] == head[1] and redis.call('LINDEX', recent, -1)
    answers[i] = { tonumber(head[1]), tonumber(head[2]), tonumber(head[3]), tonumber(head[4]), last }
  else
    answers[i] = {}
  end
end
return answers
