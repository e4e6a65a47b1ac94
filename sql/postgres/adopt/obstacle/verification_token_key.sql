SELECT pg_catalog.count(*)::text || ' verification tokens have no expires, or an identifier or token that is missing or longer than 255 characters'
FROM "VerificationToken"
WHERE "expires" IS NULL
    OR "identifier" IS NULL OR pg_catalog.length("identifier"::text) > 255
    OR "token" IS NULL OR pg_catalog.length("token"::text) > 255
HAVING pg_catalog.count(*) > 0;
