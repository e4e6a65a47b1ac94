-- not_utf8.sql continues this. A column that the table does not have is read from "missing".
SELECT f."value"
FROM (SELECT NULL AS "refresh_token", NULL AS "access_token", NULL AS "token_type", NULL AS "scope", NULL AS "id_token", NULL AS "session_state", NULL AS "oauth_token_secret", NULL AS "oauth_token") AS "missing"
JOIN json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'an account of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' has a string that is not UTF-8' AS "line"
        FROM "Account"
        WHERE EXISTS (
            SELECT 1
            FROM (SELECT "type" AS "string" UNION ALL SELECT "provider" UNION ALL SELECT "providerAccountId" UNION ALL SELECT "refresh_token" UNION ALL SELECT "access_token" UNION ALL SELECT "token_type" UNION ALL SELECT "scope" UNION ALL SELECT "id_token" UNION ALL SELECT "session_state" UNION ALL SELECT "oauth_token_secret" UNION ALL SELECT "oauth_token") AS v
