local user = fields()
local authenticator = fields()
local taken = user_taken(user) or authenticator_taken(authenticator)
if taken then return taken end
add_user(user)
add_authenticator(authenticator)
