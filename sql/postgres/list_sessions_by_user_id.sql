SELECT "id", "userId", "sessionToken", "expires"
FROM "Session"
WHERE "userId" = $1
ORDER BY "expires" DESC, "id";
