SELECT
    'a session of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END
    || ' has no expires, or a sessionToken that is missing, longer than 255 characters or contains a NUL character'
FROM "Session"
WHERE "expires" IS NULL
    OR "sessionToken" IS NULL OR typeof("sessionToken") = 'blob' OR length("sessionToken") > 255 OR instr(CAST("sessionToken" AS blob), x'00') > 0
LIMIT 100;
