-- A column that the table does not have is read from "missing".
SELECT f."value"
FROM (SELECT NULL AS "refresh_token", NULL AS "access_token", NULL AS "token_type", NULL AS "scope", NULL AS "id_token", NULL AS "session_state", NULL AS "oauth_token_secret", NULL AS "oauth_token") AS "missing"
JOIN json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'an account of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' has a string that is not UTF-8' AS "line"
        FROM "Account"
        WHERE NOT authstore_is_utf8("type", "provider", "providerAccountId", "refresh_token", "access_token", "token_type", "scope", "id_token", "session_state", "oauth_token_secret", "oauth_token")
        LIMIT 100
    )
)) AS f;
