local id, after, backed_up = argument(), argument(), argument()
local before = field('Authenticator', id, 'counter')
if not before then return not_found('Authenticator') end
-- Lua's numbers are exact up to 2^53 only, so these are compared as they are written: without a sign or zeros in front.
local greater = #after > #before or (#after == #before and after > before)
if not greater and not (before == '0' and after == '0') then return conflict('AuthenticatorCounter') end
write(key('Authenticator', id), {counter = after, credential_backed_up = backed_up})
return rows('Authenticator', {id})
