local name = pair(argument(), argument())
-- The token that was seen is a field that may be missing, too.
local seen = fields()
local set, clear = fields()
-- A field that is missing is false.
if not exists('Account', name) or field('Account', name, 'refresh_token') ~= (seen.refresh_token or false) then
  return {}
end
write(key('Account', name), set, clear)
return rows('Account', {name})
