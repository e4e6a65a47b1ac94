-- A credential id, or a providerAccountId of more than 255 characters, consists of visible ASCII characters.
SELECT 'an authenticator of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN "userId"::text ~ '^[0-9A-Za-z_-]+$' THEN "userId"::text ELSE '(not shown)' END || ' has a missing or invalid field'
FROM "Authenticator"
WHERE coalesce("credentialID"::text, '') COLLATE "C" !~ '^[!-~]+$'
    OR pg_catalog.length("credentialID"::text) > 1364
    OR "providerAccountId" IS NULL OR pg_catalog.length("providerAccountId"::text) > 1364
    OR (pg_catalog.length("providerAccountId"::text) > 255 AND "providerAccountId"::text COLLATE "C" !~ '^[!-~]+$')
    OR "userId" IS NULL
    OR "credentialPublicKey" IS NULL
    OR coalesce("counter", -1) < 0
    OR "credentialDeviceType" IS NULL
    OR "credentialBackedUp" IS NULL
LIMIT 100;
