INSERT INTO "Authenticator" (
    "credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType",
    "credentialBackedUp", "transports"
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
