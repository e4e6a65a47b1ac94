-- Always returns one row. Without a session, it has no fields.
return {redis.call('HGETALL', key('Session', argument()))}
