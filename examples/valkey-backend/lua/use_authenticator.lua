local id, after, backed_up = argument(), argument(), argument()
local before = field('Authenticator', id, 'counter')
if not before then return not_found('Authenticator') end
-- Numbers in Lua are exact only up to 2^53, so these are compared as strings, which have no sign or leading zeros.
local greater = #after > #before or (#after == #before and after > before)
if not greater and not (before == '0' and after == '0') then return conflict('AuthenticatorCounter') end
write(key('Authenticator', id), {counter = after, credential_backed_up = backed_up})
return rows('Authenticator', {id})
