local user_id, id, keep_last = argument(), argument(), argument()
if field('Authenticator', id, 'user_id') ~= user_id then return 'Absent' end
if keep_last == 'true' and not has_other_way_in(user_id, nil, id) then return 'LastWayIn' end
remove_authenticator(id)
return 'Done'
