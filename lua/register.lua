#!lua flags=allow-oom
-- Registers sessions under their users.
--
-- KEYS  presence of the user of each session
-- ARGV  for each two: session, node
-- Returns for each {version, time, {session, node of each other session}}
local time = redis.call('TIME')
local now, clock = time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
local answers = {}
for i, user in ipairs(KEYS) do
  local field, node = 's:' .. ARGV[2 * i - 1], ARGV[2 * i]
  local version, present, others = 0, nil, {}
  local all = redis.call('HGETALL', user)
  for j = 1, #all, 2 do
    if all[j] == field then
      present = all[j + 1]
    elseif all[j] == 'v' then
      version = tonumber(all[j + 1])
    elseif all[j]:sub(1, 2) == 's:' then
      others[#others + 1] = all[j]:sub(3)
      others[#others + 1] = all[j + 1]
    end
  end
  if present ~= node then
    -- Versions follow the clock, so that they grow also over a loss.
    version = math.max(version + 1, clock)
    redis.call('HSET', user, field, node, 'v', version)
    redis.call('PERSIST', user)
  end
  answers[i] = { version, now, others }
end
return answers
