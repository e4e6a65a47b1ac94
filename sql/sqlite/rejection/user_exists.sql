SELECT count(*)
FROM "User"
WHERE "id" = ?1;
