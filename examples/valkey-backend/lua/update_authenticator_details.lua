local user_id, id = argument(), argument()
local set, clear = fields()
if field('Authenticator', id, 'user_id') ~= user_id then return 0 end
write(key('Authenticator', id), set, clear)
return 1
