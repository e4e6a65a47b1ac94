SELECT
    "id", "userId", "type", "provider", "providerAccountId", "refresh_token", "access_token", "expires_at", "token_type",
    "scope", "id_token", "session_state", "oauth_token_secret", "oauth_token"
FROM "Account"
WHERE "userId" = $1
ORDER BY "provider" COLLATE "C", "providerAccountId" COLLATE "C";
