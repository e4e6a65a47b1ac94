local id = argument()
local set, clear = fields()
if not exists('Session', id) then return 0 end
write(key('Session', id), set, clear)
return 1
