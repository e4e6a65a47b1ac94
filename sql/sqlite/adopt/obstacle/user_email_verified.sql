SELECT 'User.emailVerified of the user ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN typeof("id") = 'blob' OR "id" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "id" END || ' is not a time from 1970 to 9999 such as 2026-11-23T19:00:00.000Z'
FROM "User"
WHERE "emailVerified" IS NOT NULL
    AND (
        typeof("emailVerified") <> 'text'
        OR "emailVerified" NOT LIKE '____-__-__%'
        OR coalesce(strftime('%Y', "emailVerified"), '') NOT BETWEEN '1970' AND '9999'
        -- SQLite reads the 31st of February as a day in March.
        OR date(substr("emailVerified", 1, 10)) <> substr("emailVerified", 1, 10)
    )
LIMIT 100;
