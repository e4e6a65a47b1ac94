SELECT
    pg_catalog.count(*)::text || ' accounts, of the users ' || pg_catalog.left(pg_catalog.string_agg(CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN "userId"::text ~ '^[0-9A-Za-z_-]+$' THEN "userId"::text ELSE '(not shown)' END, ', ' ORDER BY "userId"::text), 1000)
    || ', have the same provider and providerAccountId'
FROM "Account"
GROUP BY "provider"::text COLLATE "C", "providerAccountId"::text COLLATE "C"
HAVING pg_catalog.count(*) > 1
LIMIT 100;
