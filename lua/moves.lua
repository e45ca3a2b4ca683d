-- Which groups moved. Not a script: this stands at the head of those that note it.

-- Notes groups under one number, which is answered: it is at least the time, so that it grows also over a loss, of
-- everything or of the last moments. `moves`: number of the newest commit, `c`, and of the oldest after which all moves are
-- known, `b`.
local function note_moves(moves, heads, groups, kept)
  local last, time = redis.call('HGET', moves, 'c'), redis.call('TIME')
  local number = time[1] * 1000000 + time[2]
  if last then
    number = math.max(number, last + 1)
    redis.call('HSET', moves, 'c', number)
  else
    redis.call('HSET', moves, 'c', number, 'b', number - 1)
  end
  for _, group in ipairs(groups) do redis.call('ZADD', heads, number, group) end
  local surplus = redis.call('ZCARD', heads) - kept
  if surplus > 0 then
    local popped = redis.call('ZPOPMIN', heads, surplus)
    redis.call('HSET', moves, 'b', popped[#popped])
  end
  return number
end
