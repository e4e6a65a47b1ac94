-- Compared as UUIDs, which ignore case.
SELECT count(*)::text || ' accounts have the id ' || CASE WHEN min("id"::text) IS NULL THEN '(NULL)' WHEN min("id"::text)::text ~ '^[0-9A-Za-z_-]+$' THEN min("id"::text)::text ELSE '(not shown)' END
FROM "Account"
WHERE "id" IS NOT NULL
GROUP BY lower("id"::text)
HAVING count(*) > 1
LIMIT 100;
