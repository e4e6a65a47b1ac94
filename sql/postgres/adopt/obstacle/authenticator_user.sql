SELECT 'the authenticator ' || coalesce(a."credentialID"::text, '(NULL)') || ' belongs to no user'
FROM "Authenticator" AS a
WHERE NOT EXISTS (SELECT 1 FROM "User" AS u WHERE u."id"::text = a."userId"::text);
