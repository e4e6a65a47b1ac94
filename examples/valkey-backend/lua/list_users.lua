local after, limit = argument(), argument()
local first = after == '' and '-' or '(' .. after
-- All have the same score, so they are in the order of their bytes.
return rows('User', redis.call('ZRANGEBYLEX', 'authstore:Users', first, '+', 'LIMIT', 0, limit))
