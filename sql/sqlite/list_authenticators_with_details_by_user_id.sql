SELECT
    a."credentialID", a."userId", a."providerAccountId", a."credentialPublicKey", a."counter", a."credentialDeviceType",
    a."credentialBackedUp", a."transports",
    d."name", d."created", d."last_used"
FROM "Authenticator" AS a
LEFT JOIN "authstore_authenticator_details" AS d ON d."credential_id" = a."credentialID"
WHERE a."userId" = ?1
ORDER BY a."credentialID";
