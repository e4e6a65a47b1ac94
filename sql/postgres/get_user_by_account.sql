SELECT u."id", u."name", u."email", u."emailVerified", u."image"
FROM "Account" AS a
JOIN "User" AS u ON u."id" = a."userId"
WHERE a."provider" = $1 AND a."providerAccountId" = $2;
