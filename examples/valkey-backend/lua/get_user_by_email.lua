return rows('User', {redis.call('GET', key('User_by_email', argument())) or nil})
