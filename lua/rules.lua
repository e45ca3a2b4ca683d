-- What admins set that decides who may do what. Not a script: this stands at the head of those that change it.
--
-- In the state `a` is the access, `p` who may pin, `z` 1 where the group is archived, and `rv` the seq of the newest event
-- that set any of them. A change is `a=open p=members z=1`, each where it is changed; entries of the log carry it as `q`.
local function set_rules(state, change, seq)
  local fields = {}
  for field, value in change:gmatch('(%l)=(%S+)') do
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  if #fields > 0 then redis.call('HSET', state, 'rv', seq, unpack(fields)) end
end
