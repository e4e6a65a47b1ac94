-- A column that the table does not have is read from "missing".
SELECT f."value"
FROM (SELECT NULL AS "transports") AS "missing"
JOIN json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'an authenticator of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' has a string that is not UTF-8' AS "line"
        FROM "Authenticator"
        WHERE NOT authstore_is_utf8("providerAccountId", "credentialPublicKey", "credentialDeviceType", "transports")
        LIMIT 100
    )
)) AS f;
