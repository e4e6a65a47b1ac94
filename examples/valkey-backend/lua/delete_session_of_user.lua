local user_id, id = argument(), argument()
if field('Session', id, 'user_id') ~= user_id then return 0 end
return remove_session(id)
