local user = fields()
local taken = user_taken(user)
if taken then return taken end
add_user(user)
