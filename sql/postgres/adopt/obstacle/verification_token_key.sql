SELECT count(*)::text || ' verification tokens have no expires, or an identifier or token that is missing or longer than 255 characters'
FROM "VerificationToken"
WHERE "expires" IS NULL
    OR "identifier" IS NULL OR length("identifier"::text) > 255
    OR "token" IS NULL OR length("token"::text) > 255
HAVING count(*) > 0;
