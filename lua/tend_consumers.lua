#!lua flags=allow-oom
-- Removes consumers of earlier node lives that have nothing pending. One that reads again is made anew.
--
-- KEYS  log
-- ARGV  consumer to keep, how long the others must have been idle (ms)
-- Returns nothing
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], 'fanout')) do
  local name, pending, idle = consumer[2], consumer[4], consumer[6]
  if name ~= ARGV[1] and pending == 0 and idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], 'fanout', name)
  end
end
