local identifier, token = argument(), argument()
if field('VerificationToken', token, 'identifier') ~= identifier then return {} end
local found = rows('VerificationToken', {token})
remove_verification_token(token)
return found
