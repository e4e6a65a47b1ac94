SELECT 'a session belongs to no user: its userId is ' || coalesce(s."userId"::text, '(NULL)')
FROM "Session" AS s
WHERE NOT EXISTS (SELECT 1 FROM "User" AS u WHERE u."id"::text = s."userId"::text);
