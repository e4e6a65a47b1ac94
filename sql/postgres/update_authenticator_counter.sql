UPDATE "Authenticator" SET "counter" = $1
WHERE "credentialID" = $2
RETURNING
    "credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType",
    "credentialBackedUp", "transports";
