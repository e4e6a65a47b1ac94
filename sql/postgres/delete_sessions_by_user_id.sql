DELETE FROM "Session"
WHERE "userId" = $1 AND "sessionToken" IS DISTINCT FROM $2;
