-- A row without an id is given one. Nothing refers to it.
INSERT INTO "Account" (
    "id", "userId", "type", "provider", "providerAccountId", "refresh_token", "access_token", "expires_at", "token_type",
    "scope", "id_token", "session_state", "oauth_token_secret", "oauth_token"
)
SELECT
    coalesce(
        "id",
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
    ),
    "userId", "type", "provider", "providerAccountId", "refresh_token", "access_token", "expires_at", "token_type",
    "scope", "id_token", "session_state", "oauth_token_secret", "oauth_token"
FROM "authstore_adopted_Account";

DROP TABLE "authstore_adopted_Account";
