local challenge = fields()
if exists('Challenge', challenge.key) then return conflict('ChallengeKey') end
write(key('Challenge', challenge.key), challenge)
redis.call('ZADD', 'authstore:Challenge_by_expires', challenge.expires, challenge.key)
