-- SQLite reads invalid UTF-8 as U+FFFD, so a character that reads as U+FFFD must have its bytes (or those of U+FFFE or
-- U+FFFF, which SQLite reads the same way). Only strings beyond ASCII are checked character by character.
-- A column that the table does not have is read from "missing".
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
            WHERE typeof(v."string") = 'text'
                AND v."string" GLOB '*[^' || char(1) || '-' || char(127) || ']*'
                AND EXISTS (
                    WITH RECURSIVE "position" ("at") AS (
                        SELECT 1
                        UNION ALL
                        SELECT "at" + 1 FROM "position" WHERE "at" < length(v."string")
                    )
                    SELECT 1
                    FROM "position"
                    WHERE unicode(substr(v."string", "at", 1)) = 65533
                        AND hex(substr(v."string", "at", 1)) NOT IN ('EFBFBD', 'EFBFBE', 'EFBFBF')
                )
        )
        LIMIT 100
    )
)) AS f;
