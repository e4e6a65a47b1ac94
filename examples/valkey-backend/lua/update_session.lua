local token = argument()
local set = fields()
local id = session_id(token)
if not id then return {} end
if set.user_id and not exists('User', set.user_id) then return not_found('User') end
if set.session_token and set.session_token ~= token and exists('Session_by_token', set.session_token) then
  return conflict('SessionToken')
end
if set.user_id then
  redis.call('SREM', key('Session_by_user', field('Session', id, 'user_id')), id)
  redis.call('SADD', key('Session_by_user', set.user_id), id)
end
if set.session_token then
  redis.call('DEL', key('Session_by_token', token))
  redis.call('SET', key('Session_by_token', set.session_token), id)
end
if set.expires then redis.call('ZADD', 'authstore:Session_by_expires', set.expires, id) end
write(key('Session', id), set)
return rows('Session', {id})
