SELECT
    'a verification token for ' || coalesce("identifier"::text, '(NULL)')
    || ' lacks its identifier, its value or its expiry'
FROM "VerificationToken"
WHERE "identifier" IS NULL OR "token" IS NULL OR "expires" IS NULL;
