local account = fields()
if not exists('User', account.user_id) then return not_found('User') end
local taken = account_taken(account)
if taken then return taken end
add_account(account)
