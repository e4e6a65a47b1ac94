-- The foreign key is checked at the end of the statement, when both rows exist.
WITH "newUser" AS (
    INSERT INTO "User" ("id", "name", "email", "emailVerified", "image")
    VALUES ($1, $2, $3, $4, $5)
)
INSERT INTO "Authenticator" (
    "credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType",
    "credentialBackedUp", "transports"
)
VALUES ($6, $7, $8, $9, $10, $11, $12, $13);
