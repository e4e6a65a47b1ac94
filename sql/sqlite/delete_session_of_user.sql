DELETE FROM "Session"
WHERE "userId" = ?1 AND "id" = ?2;
