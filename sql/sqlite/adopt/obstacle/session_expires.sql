SELECT 'Session.expires of a session of the user ' || "userId" || ' is not a time in text, as 2026-11-23T19:00:00.000Z'
FROM "Session"
WHERE "expires" IS NOT NULL
    AND (typeof("expires") <> 'text' OR "expires" NOT LIKE '____-__-__%' OR strftime('%s', "expires") IS NULL);
