local id = argument()
local set = fields()
if not exists('Authenticator', id) then return not_found('Authenticator') end
write(key('Authenticator', id), set)
return rows('Authenticator', {id})
