local id, counter = argument(), argument()
if not exists('Authenticator', id) then return not_found('Authenticator') end
write(key('Authenticator', id), {counter = counter})
return rows('Authenticator', {id})
