local tokens = redis.call('SMEMBERS', key('VerificationToken_by_identifier', argument()))
for _, token in ipairs(tokens) do remove_verification_token(token) end
return #tokens
