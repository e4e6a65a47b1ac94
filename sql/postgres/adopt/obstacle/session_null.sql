SELECT 'a session of the user ' || coalesce("userId"::text, '(NULL)') || ' lacks its token or its expiry'
FROM "Session"
WHERE "sessionToken" IS NULL OR "expires" IS NULL;
