SELECT 'the authenticator ' || coalesce("credentialID"::text, '(NULL)') || ' lacks a field'
FROM "Authenticator"
WHERE "credentialID" IS NULL
    OR "userId" IS NULL
    OR "providerAccountId" IS NULL
    OR "credentialPublicKey" IS NULL
    OR "counter" IS NULL
    OR "credentialDeviceType" IS NULL
    OR "credentialBackedUp" IS NULL;
