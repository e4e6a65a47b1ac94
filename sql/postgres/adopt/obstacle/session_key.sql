SELECT
    'a session of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN "userId"::text ~ '^[0-9A-Za-z_-]+$' THEN "userId"::text ELSE '(not shown)' END
    || ' has no expires, or a sessionToken that is missing or longer than 255 characters'
FROM "Session"
WHERE "expires" IS NULL
    OR "sessionToken" IS NULL OR pg_catalog.length("sessionToken"::text) > 255
LIMIT 100;
