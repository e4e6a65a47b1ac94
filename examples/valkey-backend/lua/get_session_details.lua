-- One row in any case: without a session, one without fields.
return {redis.call('HGETALL', key('Session', argument()))}
