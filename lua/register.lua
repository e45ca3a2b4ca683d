#!lua flags=allow-oom
-- Registers sessions under their users.
--
-- KEYS  presence of the user of each session
-- ARGV  for each three: session, node, device ('' without)
-- Returns for each {version, time, {session, node, device of each other session}}
local time = redis.call('TIME')
local now, clock = time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
local answers = {}
for i, user in ipairs(KEYS) do
  local session, node, device = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local version, present, others = read_sessions(user, session)
  if present ~= node then
    -- Versions follow the clock, so that they grow also over a loss.
    version = math.max(version + 1, clock)
    redis.call('HSET', user, 's:' .. session, node, 'v', version)
    if device ~= '' then redis.call('HSET', user, 'd:' .. session, device) end
    redis.call('PERSIST', user)
  end
  answers[i] = { version, now, others }
end
return answers
