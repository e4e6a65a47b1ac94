-- Compared as UUIDs, which ignore case.
SELECT pg_catalog.count(*)::text || ' sessions have the id ' || CASE WHEN pg_catalog.min("id"::text) IS NULL THEN '(NULL)' WHEN pg_catalog.min("id"::text)::text ~ '^[0-9A-Za-z_-]+$' THEN pg_catalog.min("id"::text)::text ELSE '(not shown)' END
FROM "Session"
WHERE "id" IS NOT NULL
GROUP BY pg_catalog.lower("id"::text)
HAVING pg_catalog.count(*) > 1
LIMIT 100;
