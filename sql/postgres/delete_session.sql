DELETE FROM "Session"
WHERE "sessionToken" = $1;
