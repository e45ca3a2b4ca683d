#!lua flags=allow-oom
-- Removes sessions from their users and notes the time as last seen.
--
-- KEYS  presence of the user of each session
-- ARGV  how long a user without sessions is remembered (s), then for each two: session, node
-- Returns for each {version, time, {session, node, device of each other session}}
local time = redis.call('TIME')
local now, clock = time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
local answers = {}
for i, user in ipairs(KEYS) do
  local session, node = ARGV[2 * i], ARGV[2 * i + 1]
  local version, present, others, unknown = read_sessions(user, session)
  -- A user of whom nothing is known left too: it was lost that they came.
  if present == node or unknown then
    version = math.max(version + 1, clock)
    if present then redis.call('HDEL', user, 's:' .. session, 'd:' .. session) end
    redis.call('HSET', user, 'v', version, 't', now)
    if #others == 0 then redis.call('EXPIRE', user, ARGV[1]) end
  end
  answers[i] = { version, now, others }
end
return answers
