DELETE FROM "Session"
WHERE "userId" = ?1 AND "sessionToken" IS NOT ?2;
