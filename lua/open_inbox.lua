#!lua flags=allow-oom
-- Makes a node's inbox when it is not there. Entries come after a position, also when the clock
-- has gone back.
--
-- KEYS  inbox, mark of a full inbox
-- ARGV  the position
-- Returns 1 when it was made, 0 when it was there
local inbox = KEYS[1]
if redis.call('EXISTS', inbox) == 1 then return 0 end
redis.call('XGROUP', 'CREATE', inbox, 'made', '$', 'MKSTREAM')
redis.call('XGROUP', 'DESTROY', inbox, 'made')
if ARGV[1] ~= '0-0' then redis.call('XSETID', inbox, ARGV[1]) end
redis.call('DEL', KEYS[2])
return 1
