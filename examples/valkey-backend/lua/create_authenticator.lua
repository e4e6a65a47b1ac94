local authenticator = fields()
if not exists('User', authenticator.user_id) then return not_found('User') end
local taken = authenticator_taken(authenticator)
if taken then return taken end
add_authenticator(authenticator)
