INSERT INTO "Authenticator" (
    "credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType",
    "credentialBackedUp", "transports"
)
SELECT
    "credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType",
    "credentialBackedUp", "transports"
FROM "authstore_adopted_Authenticator";

DROP TABLE "authstore_adopted_Authenticator";
