INSERT INTO "VerificationToken" ("identifier", "token", "expires")
VALUES ($1, $2, $3);
