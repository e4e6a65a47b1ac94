local id = session_id(argument())
if not id then return {} end
return {rows('Session', {id})[1], rows('User', {field('Session', id, 'user_id')})[1]}
