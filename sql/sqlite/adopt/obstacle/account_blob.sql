-- A column that the table does not have is read from "missing".
SELECT f."value"
FROM (SELECT NULL AS "refresh_token", NULL AS "access_token", NULL AS "token_type", NULL AS "scope", NULL AS "id_token", NULL AS "session_state", NULL AS "oauth_token_secret", NULL AS "oauth_token") AS "missing"
JOIN json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'an account of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' has a field that is a blob instead of a string' AS "line"
        FROM "Account"
        WHERE 'blob' IN (typeof("refresh_token"), typeof("access_token"), typeof("token_type"), typeof("scope"), typeof("id_token"), typeof("session_state"), typeof("oauth_token_secret"), typeof("oauth_token"))
        LIMIT 100
    )
)) AS f;
