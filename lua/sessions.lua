-- A user's sessions. Not a script: this stands at the head of those that register and remove them.

-- The version of a user's presence (0 where nothing is known), the node of one session if it is there, and session, node
-- and device ('' without) of each other. Devices of sessions that are not there are removed: a node that knows nothing
-- of devices leaves them.
local function read_sessions(user, one)
  local version, present, sessions, devices = 0, nil, {}, {}
  local all = redis.call('HGETALL', user)
  for i = 1, #all, 2 do
    local prefix, rest = all[i]:sub(1, 2), all[i]:sub(3)
    if prefix == 's:' and rest == one then
      present = all[i + 1]
    elseif prefix == 's:' then
      sessions[#sessions + 1] = rest
      sessions[#sessions + 1] = all[i + 1]
    elseif prefix == 'd:' then
      devices[rest] = all[i + 1]
    elseif all[i] == 'v' then
      version = tonumber(all[i + 1])
    end
  end
  local others = {}
  for i = 1, #sessions, 2 do
    others[#others + 1] = sessions[i]
    others[#others + 1] = sessions[i + 1]
    others[#others + 1] = devices[sessions[i]] or ''
    devices[sessions[i]] = nil
  end
  if present then devices[one] = nil end
  for session in pairs(devices) do redis.call('HDEL', user, 'd:' .. session) end
  return version, present, others, #all == 0
end
