SELECT "id", "name", "email", "emailVerified", "image"
FROM "User"
WHERE "email" = $1;
