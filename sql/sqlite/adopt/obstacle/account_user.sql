SELECT
    'the account at ' || coalesce(a."provider", '(NULL)') || ' with the provider account id '
    || coalesce(a."providerAccountId", '(NULL)') || ' belongs to no user'
FROM "Account" AS a
WHERE NOT EXISTS (SELECT 1 FROM "User" AS u WHERE u."id" = a."userId" COLLATE BINARY);
