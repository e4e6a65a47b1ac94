-- A number becomes a string when it is copied.
-- Groups by the column's own collation, which may treat two spellings as one address.
SELECT
    'the users ' || substr(group_concat(CASE WHEN "id" IS NULL THEN '(NULL)' WHEN typeof("id") = 'blob' OR "id" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "id" END, ', ' ORDER BY "id"), 1, 1000)
    || ' have the same email address, or two that the database treats as the same'
FROM "User"
WHERE "email" IS NOT NULL
GROUP BY CAST("email" AS text)
HAVING count(*) > 1
LIMIT 100;
