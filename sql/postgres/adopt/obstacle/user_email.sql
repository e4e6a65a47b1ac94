-- Groups by the column's own collation, which may treat two spellings as one address.
SELECT
    'the users ' || pg_catalog.left(pg_catalog.string_agg(CASE WHEN "id" IS NULL THEN '(NULL)' WHEN "id"::text ~ '^[0-9A-Za-z_-]+$' THEN "id"::text ELSE '(not shown)' END, ', ' ORDER BY "id"::text), 1000)
    || ' have the same email address, or two that the database treats as the same'
FROM "User"
WHERE "email" IS NOT NULL
GROUP BY "email"
HAVING pg_catalog.count(*) > 1
LIMIT 100;
