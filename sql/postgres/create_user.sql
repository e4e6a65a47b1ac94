INSERT INTO "User" ("id", "name", "email", "emailVerified", "image")
VALUES ($1, $2, $3, $4, $5);
