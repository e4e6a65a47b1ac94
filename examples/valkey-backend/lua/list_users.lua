local after, limit = optional(), argument()
local first = after and '(' .. after or '-'
-- All have the same score, so they are in bytewise order.
return rows('User', redis.call('ZRANGEBYLEX', 'authstore:Users', first, '+', 'LIMIT', 0, limit))
