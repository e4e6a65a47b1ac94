SELECT
    'a session of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END
    || ' has no sessionToken or no expires, or a sessionToken with more than 255 characters or a NUL character'
FROM "Session"
WHERE "expires" IS NULL
    OR "sessionToken" IS NULL OR typeof("sessionToken") = 'blob' OR length("sessionToken") > 255 OR instr(CAST("sessionToken" AS blob), x'00') > 0
LIMIT 100;
