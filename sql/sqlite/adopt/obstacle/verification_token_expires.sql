SELECT 'VerificationToken.expires is not a time from 1970 to 9999 such as 2026-11-23T19:00:00.000Z, in ' || count(*) || ' rows'
FROM "VerificationToken"
WHERE "expires" IS NOT NULL
    AND (
        typeof("expires") <> 'text'
        OR "expires" NOT LIKE '____-__-__%'
        OR coalesce(strftime('%Y', "expires"), '') NOT BETWEEN '1970' AND '9999'
        -- SQLite reads the 31st of February as a day in March.
        OR date(substr("expires", 1, 10)) <> substr("expires", 1, 10)
    )
HAVING count(*) > 0;
