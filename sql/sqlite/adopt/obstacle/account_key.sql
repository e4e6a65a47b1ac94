-- A providerAccountId of more than 255 characters is a credential id, of visible ASCII characters.
SELECT
    'an account of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END
    || ' has a type, provider or providerAccountId that is missing, too long or contains a NUL character'
FROM "Account"
WHERE "type" IS NULL OR typeof("type") = 'blob' OR length("type") > 255 OR instr(CAST("type" AS blob), x'00') > 0
    OR "provider" IS NULL OR typeof("provider") = 'blob' OR length("provider") > 255 OR instr(CAST("provider" AS blob), x'00') > 0
    OR "providerAccountId" IS NULL OR typeof("providerAccountId") = 'blob' OR length("providerAccountId") > 1364
    OR (length("providerAccountId") > 255 AND "providerAccountId" GLOB '*[^!-~]*')
    OR instr(CAST("providerAccountId" AS blob), x'00') > 0
LIMIT 100;
