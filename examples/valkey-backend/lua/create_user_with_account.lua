local user = fields()
local account = fields()
local taken = user_taken(user) or account_taken(account)
if taken then return taken end
add_user(user)
add_account(account)
