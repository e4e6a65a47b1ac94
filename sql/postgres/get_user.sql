SELECT "id", "name", "email", "emailVerified", "image"
FROM "User"
WHERE "id" = $1;
