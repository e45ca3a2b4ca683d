#!lua flags=allow-oom
-- Adds payloads to a node's inbox. When it is full, one last entry says so, and the mark keeps
-- others out until the reader has seen it.
--
-- KEYS  inbox, mark of a full inbox
-- ARGV  cap, the payloads
-- Returns nothing
local inbox, room = KEYS[1], tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
for i = 2, #ARGV do
  if room <= 0 then
    if redis.call('SET', KEYS[2], 1, 'NX') then redis.call('XADD', inbox, 'NOMKSTREAM', '*', 'full', 1) end
    return
  end
  if not redis.call('XADD', inbox, 'NOMKSTREAM', '*', 'p', ARGV[i]) then return end
  room = room - 1
end
