#!lua flags=allow-oom
-- Registers a session under its user.
--
-- KEYS  presence of the user
-- ARGV  session, node
-- Returns {version, time, {session, node of each other session}}
local user, field, node = KEYS[1], 's:' .. ARGV[1], ARGV[2]
local time = redis.call('TIME')
local version, present, others = 0, nil, {}
local all = redis.call('HGETALL', user)
for i = 1, #all, 2 do
  if all[i] == field then
    present = all[i + 1]
  elseif all[i] == 'v' then
    version = tonumber(all[i + 1])
  elseif all[i]:sub(1, 2) == 's:' then
    others[#others + 1] = all[i]:sub(3)
    others[#others + 1] = all[i + 1]
  end
end
if present ~= node then
  -- Versions follow the clock, so that they grow also over a loss.
  version = math.max(version + 1, time[1] * 1000000 + time[2])
  redis.call('HSET', user, field, node, 'v', version)
  redis.call('PERSIST', user)
end
return { version, time[1] * 1000 + math.floor(time[2] / 1000), others }
