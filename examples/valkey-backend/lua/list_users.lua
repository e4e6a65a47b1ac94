local after, limit = optional(), argument()
local first = after and '(' .. after or '-'
-- All have the same score, so they are in the order of their bytes.
return rows('User', redis.call('ZRANGEBYLEX', 'authstore:Users', first, '+', 'LIMIT', 0, limit))
