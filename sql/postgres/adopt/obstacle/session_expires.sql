SELECT 'Session.expires of a session of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN "userId"::text ~ '^[0-9A-Za-z_-]+$' THEN "userId"::text ELSE '(not shown)' END || ' is not a time from 1970 to 9999'
FROM "Session"
WHERE NOT pg_catalog.isfinite("expires") OR "expires" < '1970-01-01T00:00:00Z' OR "expires" >= '10000-01-01T00:00:00Z'
LIMIT 100;
