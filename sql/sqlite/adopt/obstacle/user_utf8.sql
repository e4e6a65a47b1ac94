-- A column that the table does not have is read from "missing".
SELECT f."value"
FROM (SELECT NULL AS "name", NULL AS "image") AS "missing"
JOIN json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'the user ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN typeof("id") = 'blob' OR "id" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "id" END || ' has a string that is not UTF-8' AS "line"
        FROM "User"
        WHERE NOT authstore_is_utf8("email", "name", "image")
        LIMIT 100
    )
)) AS f;
