SELECT 'User.email of the user ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN "id"::text ~ '^[0-9A-Za-z_-]+$' THEN "id"::text ELSE '(not shown)' END || ' is longer than 255 characters'
FROM "User"
WHERE pg_catalog.length("email"::text) > 255
LIMIT 100;
