SELECT 'the user ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN typeof("id") = 'blob' OR "id" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "id" END || ' has a field that is a blob instead of a string'
FROM "User"
WHERE 'blob' IN (typeof("name"), typeof("image"))
LIMIT 100;
