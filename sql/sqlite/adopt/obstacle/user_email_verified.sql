SELECT 'User.emailVerified of the user ' || "id" || ' is not a time in text, as 2026-11-23T19:00:00.000Z'
FROM "User"
WHERE "emailVerified" IS NOT NULL
    AND (typeof("emailVerified") <> 'text' OR "emailVerified" NOT LIKE '____-__-__%' OR strftime('%s', "emailVerified") IS NULL);
