local id = session_id(argument())
return id and remove_session(id) or 0
