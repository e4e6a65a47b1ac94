-- A number becomes a string when it is copied.
SELECT count(*) || ' authenticators, of the users ' || substr(group_concat(CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END, ', ' ORDER BY "userId"), 1, 1000) || ', have the same credentialID'
FROM "Authenticator"
GROUP BY CAST("credentialID" AS text) COLLATE BINARY
HAVING count(*) > 1
LIMIT 100;
