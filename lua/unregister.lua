#!lua flags=allow-oom
-- Removes sessions from their users and notes the time as last seen.
--
-- KEYS  presence of the user of each session
-- ARGV  how long a user without sessions is remembered (s), then for each two: session, node
-- Returns for each {version, time, {session, node of each other session}}
local time = redis.call('TIME')
local now, clock = time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
local answers = {}
for i, user in ipairs(KEYS) do
  local field, node = 's:' .. ARGV[2 * i], ARGV[2 * i + 1]
  local version, present, others = 0, nil, {}
  local all = redis.call('HGETALL', user)
  for j = 1, #all, 2 do
    if all[j] == field and all[j + 1] == node then
      present = true
    elseif all[j] == 'v' then
      version = tonumber(all[j + 1])
    elseif all[j]:sub(1, 2) == 's:' and all[j] ~= field then
      others[#others + 1] = all[j]:sub(3)
      others[#others + 1] = all[j + 1]
    end
  end
  -- A user of whom nothing is known left too: it was lost that they came.
  if present or #all == 0 then
    version = math.max(version + 1, clock)
    if present then redis.call('HDEL', user, field) end
    redis.call('HSET', user, 'v', version, 't', now)
    if #others == 0 then redis.call('EXPIRE', user, ARGV[1]) end
  end
  answers[i] = { version, now, others }
end
return answers
