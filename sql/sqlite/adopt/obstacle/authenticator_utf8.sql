-- not_utf8.sql continues this. A column that the table does not have is read from "missing".
SELECT f."value"
FROM (SELECT NULL AS "transports") AS "missing"
JOIN json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'an authenticator of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' has a string that is not UTF-8' AS "line"
        FROM "Authenticator"
        WHERE EXISTS (
            SELECT 1
            FROM (SELECT "providerAccountId" AS "string" UNION ALL SELECT "credentialPublicKey" UNION ALL SELECT "credentialDeviceType" UNION ALL SELECT "transports") AS v
