local id = argument()
if not exists('User', id) then return 0 end
local email = field('User', id, 'email')
for _, name in ipairs(redis.call('SMEMBERS', key('Account_by_user', id))) do remove_account(name) end
for _, name in ipairs(redis.call('SMEMBERS', key('Session_by_user', id))) do remove_session(name) end
for _, name in ipairs(redis.call('SMEMBERS', key('Authenticator_by_user', id))) do remove_authenticator(name) end
if email then redis.call('DEL', key('User_by_email', email)) end
redis.call('ZREM', 'authstore:Users', id)
return redis.call('DEL', key('User', id))
