local user_id, provider, id_there, keep_last = argument(), argument(), argument(), argument()
local name = pair(provider, id_there)
if field('Account', name, 'user_id') ~= user_id then return 'Absent' end
if keep_last == 'true' and not has_other_way_in(user_id, name, nil) then return 'LastWayIn' end
remove_account(name)
return 'Done'
