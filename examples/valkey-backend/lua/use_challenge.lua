local name = argument()
local found = rows('Challenge', {name})
if #found > 0 then remove_challenge(name) end
return found
