-- The foreign key is checked at the end of the statement, when both rows exist.
WITH "newUser" AS (
    INSERT INTO "User" ("id", "name", "email", "emailVerified", "image")
    VALUES ($1, $2, $3, $4, $5)
)
INSERT INTO "Account" (
    "id", "userId", "type", "provider", "providerAccountId", "refresh_token", "access_token", "expires_at", "token_type",
    "scope", "id_token", "session_state", "oauth_token_secret", "oauth_token"
)
VALUES ($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19);
