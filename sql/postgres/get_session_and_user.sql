SELECT
    s."id", s."userId", s."sessionToken", s."expires",
    u."id", u."name", u."email", u."emailVerified", u."image"
FROM "Session" AS s
JOIN "User" AS u ON u."id" = s."userId"
WHERE s."sessionToken" = $1;
