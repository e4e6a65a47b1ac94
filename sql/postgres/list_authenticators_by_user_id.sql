SELECT
    "credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType",
    "credentialBackedUp", "transports"
FROM "Authenticator"
WHERE "userId" = $1
ORDER BY "credentialID" COLLATE "C";
