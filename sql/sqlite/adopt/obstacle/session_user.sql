SELECT 'the session in row ' || s.rowid || ' belongs to no user'
FROM "Session" AS s
WHERE NOT EXISTS (SELECT 1 FROM "User" AS u WHERE u."id" = s."userId" COLLATE BINARY);
