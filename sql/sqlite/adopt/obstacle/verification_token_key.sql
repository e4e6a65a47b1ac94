SELECT
    count(*) || ' verification tokens have no expires, or an identifier or token that is missing, longer than 255 characters or '
    || 'contains a NUL character'
FROM "VerificationToken"
WHERE "expires" IS NULL
    OR "identifier" IS NULL OR typeof("identifier") = 'blob' OR length("identifier") > 255 OR instr(CAST("identifier" AS blob), x'00') > 0
    OR "token" IS NULL OR typeof("token") = 'blob' OR length("token") > 255 OR instr(CAST("token" AS blob), x'00') > 0
HAVING count(*) > 0;
