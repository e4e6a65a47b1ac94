local row = fields()
if exists('VerificationToken', row.token) then return conflict('VerificationToken') end
write(key('VerificationToken', row.token), row)
redis.call('SADD', key('VerificationToken_by_identifier', row.identifier), row.token)
redis.call('ZADD', 'authstore:VerificationToken_by_expires', row.expires, row.token)
