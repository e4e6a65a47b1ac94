local session = fields()
if not exists('User', session.user_id) then return not_found('User') end
if exists('Session', session.id) then return conflict('SessionId') end
if exists('Session_by_token', session.session_token) then return conflict('SessionToken') end
write(key('Session', session.id), session)
redis.call('SET', key('Session_by_token', session.session_token), session.id)
redis.call('SADD', key('Session_by_user', session.user_id), session.id)
redis.call('ZADD', 'authstore:Session_by_expires', session.expires, session.id)
