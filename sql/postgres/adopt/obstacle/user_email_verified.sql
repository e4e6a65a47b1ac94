SELECT 'User.emailVerified of the user ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN "id"::text ~ '^[0-9A-Za-z_-]+$' THEN "id"::text ELSE '(not shown)' END || ' is not a time from 1970 to 9999'
FROM "User"
WHERE NOT pg_catalog.isfinite("emailVerified") OR "emailVerified" < '1970-01-01T00:00:00Z' OR "emailVerified" >= '10000-01-01T00:00:00Z'
LIMIT 100;
