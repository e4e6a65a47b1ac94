-- A credential id, or a providerAccountId of more than 255 characters, consists of visible ASCII characters.
SELECT 'an authenticator of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' has a missing or invalid field'
FROM "Authenticator"
WHERE "credentialID" IS NULL
    OR typeof("credentialID") = 'blob'
    OR length("credentialID") NOT BETWEEN 1 AND 1364
    OR CAST("credentialID" AS text) GLOB '*[^!-~]*'
    OR "providerAccountId" IS NULL OR typeof("providerAccountId") = 'blob' OR length("providerAccountId") > 1364
    OR (length("providerAccountId") > 255 AND "providerAccountId" GLOB '*[^!-~]*')
    OR instr(CAST("providerAccountId" AS blob), x'00') > 0
    OR "userId" IS NULL
    OR coalesce(typeof("credentialPublicKey"), 'null') IN ('null', 'blob')
    OR coalesce(typeof("credentialDeviceType"), 'null') IN ('null', 'blob')
    OR "counter" IS NULL
    OR CAST(CAST("counter" AS integer) AS text) <> CAST("counter" AS text)
    OR CAST("counter" AS integer) < 0
    OR coalesce(CAST("credentialBackedUp" AS text), '') NOT IN ('0', '1')
LIMIT 100;
