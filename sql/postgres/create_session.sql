INSERT INTO "Session" ("id", "userId", "sessionToken", "expires")
VALUES ($1, $2, $3, $4);
