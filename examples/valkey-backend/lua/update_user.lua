local id = argument()
local set, clear = fields()
if not exists('User', id) then return not_found('User') end
local before = field('User', id, 'email')
if set.email and set.email ~= before and exists('User_by_email', set.email) then
  return conflict('UserEmail')
end
write(key('User', id), set, clear)
local after = field('User', id, 'email')
if before ~= after then
  if before then redis.call('DEL', key('User_by_email', before)) end
  if after then redis.call('SET', key('User_by_email', after), id) end
end
return rows('User', {id})
