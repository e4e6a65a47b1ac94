SELECT 'Session.expires of a session of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' is not a time from 1970 to 9999 such as 2026-11-23T19:00:00.000Z'
FROM "Session"
WHERE "expires" IS NOT NULL
    AND (
        typeof("expires") <> 'text'
        OR "expires" NOT LIKE '____-__-__%'
        OR coalesce(strftime('%Y', "expires"), '') NOT BETWEEN '1970' AND '9999'
        -- SQLite reads the 31st of February as a day in March.
        OR date(substr("expires", 1, 10)) <> substr("expires", 1, 10)
    )
LIMIT 100;
