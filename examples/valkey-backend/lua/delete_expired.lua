local now, limit = argument(), argument()
-- The oldest first.
local function expired(of)
  return redis.call('ZRANGEBYSCORE', 'authstore:' .. of .. '_by_expires', '-inf', now, 'LIMIT', 0, limit)
end
local sessions, tokens, challenges = expired('Session'), expired('VerificationToken'), expired('Challenge')
for _, id in ipairs(sessions) do remove_session(id) end
for _, token in ipairs(tokens) do remove_verification_token(token) end
for _, name in ipairs(challenges) do remove_challenge(name) end
return {#sessions, #tokens, #challenges}
