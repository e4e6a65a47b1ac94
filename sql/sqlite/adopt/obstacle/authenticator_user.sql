SELECT 'an authenticator belongs to no user: its userId is ' || CASE WHEN a."userId" IS NULL THEN '(NULL)' WHEN typeof(a."userId") = 'blob' OR a."userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE a."userId" END
FROM "Authenticator" AS a
WHERE NOT EXISTS (SELECT 1 FROM "User" AS u WHERE u."id" = a."userId" COLLATE BINARY)
LIMIT 100;
