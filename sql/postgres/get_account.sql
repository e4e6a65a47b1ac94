SELECT
    "id", "userId", "type", "provider", "providerAccountId", "refresh_token", "access_token", "expires_at", "token_type",
    "scope", "id_token", "session_state", "oauth_token_secret", "oauth_token"
FROM "Account"
WHERE "provider" = $1 AND "providerAccountId" = $2;
