return remove_account(pair(argument(), argument()))
