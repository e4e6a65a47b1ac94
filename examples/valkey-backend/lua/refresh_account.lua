local name = pair(argument(), argument())
local seen = optional()
local set, clear = fields()
-- A missing field is false.
if not exists('Account', name) or field('Account', name, 'refresh_token') ~= (seen or false) then return {} end
write(key('Account', name), set, clear)
return rows('Account', {name})
