-- The beginning of every script. The README lists the keys.
--
-- A script that fails midway undoes nothing. So each script checks everything before its first write, and nothing after
-- that can fail. (`redis.call` raises an error if the server rejects a command. If memory or the disk is full, it
-- rejects a script's first write.)

-- A key is a name without a colon, a colon, and a value, so no two things have the same key.
local function key(of, name) return 'authstore:' .. of .. ':' .. name end

local function exists(of, name) return redis.call('EXISTS', key(of, name)) == 1 end

-- Joins two strings. The length of the first makes the result unique.
local function pair(first, second) return #first .. ':' .. first .. second end

-- Errors of the contract. The Rust side recognizes them by their first word.
local function conflict(constraint) return redis.error_reply('CONFLICT ' .. constraint) end
local function not_found(entity) return redis.error_reply('NOTFOUND ' .. entity) end

-- Readers of the arguments, in order.
local position = 0
local function argument()
  position = position + 1
  return ARGV[position]
end

-- An optional argument: 0, or 1 and the value.
local function optional() return argument() == '1' and argument() or nil end

-- Changes of a row: the fields to write, by name, and the names of the fields to clear.
local function fields()
  local set, clear = {}, {}
  for _ = 1, tonumber(argument()) do
    local name = argument()
    set[name] = argument()
  end
  for _ = 1, tonumber(argument()) do clear[#clear + 1] = argument() end
  return set, clear
end

-- A NULL field is missing.
local function write(row, set, clear)
  for name, value in pairs(set) do redis.call('HSET', row, name, value) end
  for _, name in ipairs(clear or {}) do redis.call('HDEL', row, name) end
end

local function field(of, name, which) return redis.call('HGET', key(of, name), which) end

-- Results are lists of rows, each a list of names and values.
local function rows(of, names)
  local list = {}
  for _, name in ipairs(names) do
    local row = redis.call('HGETALL', key(of, name))
    if #row > 0 then list[#list + 1] = row end
  end
  return list
end

local function rows_of_user(of, user_id)
  return rows(of, redis.call('SMEMBERS', key(of .. '_by_user', user_id)))
end

-- Users.

local function user_taken(user)
  if exists('User', user.id) then return conflict('UserId') end
  if user.email and exists('User_by_email', user.email) then return conflict('UserEmail') end
end

local function add_user(user)
  write(key('User', user.id), user)
  redis.call('ZADD', 'authstore:Users', 0, user.id)
  if user.email then redis.call('SET', key('User_by_email', user.email), user.id) end
end

-- Accounts, by the pair of provider and provider account id.

local function account_name(account) return pair(account.provider, account.provider_account_id) end

local function account_taken(account)
  if exists('Account', account_name(account)) then return conflict('ProviderAccount') end
  if exists('Account_by_id', account.id) then return conflict('AccountId') end
end

local function add_account(account)
  local name = account_name(account)
  write(key('Account', name), account)
  redis.call('SET', key('Account_by_id', account.id), name)
  redis.call('SADD', key('Account_by_user', account.user_id), name)
end

local function remove_account(name)
  local row = key('Account', name)
  local id, user_id = unpack(redis.call('HMGET', row, 'id', 'user_id'))
  if not id then return 0 end
  redis.call('DEL', row, key('Account_by_id', id))
  redis.call('SREM', key('Account_by_user', user_id), name)
  return 1
end

-- Sessions, by id. Their details are fields of the same hash: they are deleted with it, and stay when the token
-- changes.

local function session_id(token) return redis.call('GET', key('Session_by_token', token)) end

local function remove_session(id)
  local row = key('Session', id)
  local token, user_id = unpack(redis.call('HMGET', row, 'session_token', 'user_id'))
  if not token then return 0 end
  redis.call('DEL', row, key('Session_by_token', token))
  redis.call('SREM', key('Session_by_user', user_id), id)
  redis.call('ZREM', 'authstore:Session_by_expires', id)
  return 1
end

-- Verification tokens and challenges.

local function remove_verification_token(token)
  local identifier = field('VerificationToken', token, 'identifier')
  redis.call('DEL', key('VerificationToken', token))
  redis.call('SREM', key('VerificationToken_by_identifier', identifier), token)
  redis.call('ZREM', 'authstore:VerificationToken_by_expires', token)
end

local function remove_challenge(name)
  redis.call('DEL', key('Challenge', name))
  redis.call('ZREM', 'authstore:Challenge_by_expires', name)
end

-- Authenticators, by credential id. Their details are fields of the same hash.

local function authenticator_taken(authenticator)
  if exists('Authenticator', authenticator.credential_id) then
    return conflict('AuthenticatorCredentialId')
  end
end

local function add_authenticator(authenticator)
  local id = authenticator.credential_id
  write(key('Authenticator', id), authenticator)
  redis.call('SADD', key('Authenticator_by_user', authenticator.user_id), id)
end

local function remove_authenticator(id)
  local user_id = field('Authenticator', id, 'user_id')
  if not user_id then return 0 end
  redis.call('DEL', key('Authenticator', id))
  redis.call('SREM', key('Authenticator_by_user', user_id), id)
  return 1
end

-- Returns whether the user has a way to sign in other than this account and this authenticator. An account of the type
-- `webauthn` and its authenticator count as one; without an authenticator, the account does not count.
local function has_other_way_in(user_id, account, authenticator)
  for _, name in ipairs(redis.call('SMEMBERS', key('Account_by_user', user_id))) do
    if name ~= account and field('Account', name, 'kind') ~= 'webauthn' then return true end
  end
  local passkey
  if account then
    local kind, id_there = unpack(redis.call('HMGET', key('Account', account), 'kind', 'provider_account_id'))
    if kind == 'webauthn' then passkey = id_there end
  end
  for _, id in ipairs(redis.call('SMEMBERS', key('Authenticator_by_user', user_id))) do
    local belongs = passkey and field('Authenticator', id, 'provider_account_id') == passkey
    if id ~= authenticator and not belongs then return true end
  end
  return false
end
