SELECT
    'VerificationToken.expires of a token for ' || "identifier" || ' is not a time in text, as 2026-11-23T19:00:00.000Z'
FROM "VerificationToken"
WHERE "expires" IS NOT NULL
    AND (typeof("expires") <> 'text' OR "expires" NOT LIKE '____-__-__%' OR strftime('%s', "expires") IS NULL);
