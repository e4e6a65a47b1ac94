SELECT f."value"
FROM json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'a session of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' has a string that is not UTF-8' AS "line"
        FROM "Session"
        WHERE NOT authstore_is_utf8("sessionToken")
        LIMIT 100
    )
)) AS f;
