-- not_utf8.sql continues this. A column that the table does not have is read from "missing".
SELECT f."value"
FROM (SELECT NULL AS "name", NULL AS "image") AS "missing"
JOIN json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'the user ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN typeof("id") = 'blob' OR "id" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "id" END || ' has a string that is not UTF-8' AS "line"
        FROM "User"
        WHERE EXISTS (
            SELECT 1
            FROM (SELECT "email" AS "string" UNION ALL SELECT "name" UNION ALL SELECT "image") AS v
