SELECT "id", "name", "email", "emailVerified", "image"
FROM "User"
WHERE "id" >= ?1 AND "id" IS NOT ?2
ORDER BY "id"
LIMIT ?3;
