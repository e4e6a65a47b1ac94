SELECT
    count(*) || ' verification tokens have no identifier, token or expires, or one with more than 255 characters or a NUL '
    || 'character'
FROM "VerificationToken"
WHERE "expires" IS NULL
    OR "identifier" IS NULL OR typeof("identifier") = 'blob' OR length("identifier") > 255 OR instr(CAST("identifier" AS blob), x'00') > 0
    OR "token" IS NULL OR typeof("token") = 'blob' OR length("token") > 255 OR instr(CAST("token" AS blob), x'00') > 0
HAVING count(*) > 0;
