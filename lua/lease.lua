-- Who holds a partition, as its owner or for a follower. Not a script: this stands at the head of those that ask.

-- Whether a partition's lease is held with this token, and whether anybody holds it. Its value is "<owner> <token>".
local function holds(lease, token)
  local held = redis.call('GET', lease)
  if not held then return false, false end
  return held:sub(held:find(' ', 1, true) + 1) == token, true
end
