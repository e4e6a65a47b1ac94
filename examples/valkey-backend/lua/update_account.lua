local name = pair(argument(), argument())
local set, clear = fields()
if not exists('Account', name) then return not_found('Account') end
write(key('Account', name), set, clear)
return rows('Account', {name})
