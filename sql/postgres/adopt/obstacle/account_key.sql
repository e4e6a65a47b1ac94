-- A providerAccountId of more than 255 characters is a credential id, of visible ASCII characters.
SELECT
    'an account of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN "userId"::text ~ '^[0-9A-Za-z_-]+$' THEN "userId"::text ELSE '(not shown)' END
    || ' has a type, provider or providerAccountId that is missing or too long'
FROM "Account"
WHERE "type" IS NULL OR pg_catalog.length("type"::text) > 255
    OR "provider" IS NULL OR pg_catalog.length("provider"::text) > 255
    OR "providerAccountId" IS NULL OR pg_catalog.length("providerAccountId"::text) > 1364
    OR (pg_catalog.length("providerAccountId"::text) > 255 AND "providerAccountId"::text COLLATE "C" !~ '^[!-~]+$')
LIMIT 100;
