#!lua flags=allow-oom
-- Removes a session of a user on this node and notes the time as last seen.
--
-- KEYS  presence of the user
-- ARGV  session, node, how long a user without sessions is remembered (s)
-- Returns {version, time, {session, node of each other session}}
local user, field, node = KEYS[1], 's:' .. ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version, present, others = 0, nil, {}
local all = redis.call('HGETALL', user)
for i = 1, #all, 2 do
  if all[i] == field and all[i + 1] == node then
    present = true
  elseif all[i] == 'v' then
    version = tonumber(all[i + 1])
  elseif all[i]:sub(1, 2) == 's:' and all[i] ~= field then
    others[#others + 1] = all[i]:sub(3)
    others[#others + 1] = all[i + 1]
  end
end
-- A user of whom nothing is known left too: it was lost that they came.
if present or #all == 0 then
  version = math.max(version + 1, time[1] * 1000000 + time[2])
  if present then redis.call('HDEL', user, field) end
  redis.call('HSET', user, 'v', version, 't', now)
  if #others == 0 then redis.call('EXPIRE', user, ARGV[3]) end
end
return { version, now, others }
