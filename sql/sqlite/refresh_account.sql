UPDATE "Account" SET
    "type" = CASE WHEN ?1 THEN ?2 ELSE "type" END,
    "refresh_token" = CASE WHEN ?3 THEN ?4 ELSE "refresh_token" END,
    "access_token" = CASE WHEN ?5 THEN ?6 ELSE "access_token" END,
    "expires_at" = CASE WHEN ?7 THEN ?8 ELSE "expires_at" END,
    "token_type" = CASE WHEN ?9 THEN ?10 ELSE "token_type" END,
    "scope" = CASE WHEN ?11 THEN ?12 ELSE "scope" END,
    "id_token" = CASE WHEN ?13 THEN ?14 ELSE "id_token" END,
    "session_state" = CASE WHEN ?15 THEN ?16 ELSE "session_state" END,
    "oauth_token_secret" = CASE WHEN ?17 THEN ?18 ELSE "oauth_token_secret" END,
    "oauth_token" = CASE WHEN ?19 THEN ?20 ELSE "oauth_token" END
WHERE "provider" = ?21 AND "providerAccountId" = ?22 AND "refresh_token" IS ?23
RETURNING
    "id", "userId", "type", "provider", "providerAccountId", "refresh_token", "access_token", "expires_at", "token_type",
    "scope", "id_token", "session_state", "oauth_token_secret", "oauth_token";
