SELECT 'a session belongs to no user: its userId is ' || CASE WHEN a."userId" IS NULL THEN '(NULL)' WHEN a."userId"::text ~ '^[0-9A-Za-z_-]+$' THEN a."userId"::text ELSE '(not shown)' END
FROM "Session" AS a
WHERE NOT EXISTS (SELECT 1 FROM "User" AS u WHERE pg_catalog.lower(u."id"::text) = pg_catalog.lower(a."userId"::text))
LIMIT 100;
