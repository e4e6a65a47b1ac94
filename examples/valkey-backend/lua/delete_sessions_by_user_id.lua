local user_id, keep = argument(), optional()
local kept = keep and session_id(keep)
local deleted = 0
for _, id in ipairs(redis.call('SMEMBERS', key('Session_by_user', user_id))) do
  if id ~= kept then deleted = deleted + remove_session(id) end
end
return deleted
