SELECT count(*) || ' accounts have the id ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN typeof("id") = 'blob' OR "id" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "id" END
FROM "Account"
WHERE "id" IS NOT NULL
GROUP BY CAST("id" AS text) COLLATE BINARY
HAVING count(*) > 1
LIMIT 100;
