SELECT
    'the account at ' || coalesce(a."provider"::text, '(NULL)') || ' with the provider account id '
    || coalesce(a."providerAccountId"::text, '(NULL)') || ' belongs to no user'
FROM "Account" AS a
WHERE NOT EXISTS (SELECT 1 FROM "User" AS u WHERE u."id"::text = a."userId"::text);
