DELETE FROM "User"
WHERE "id" = $1;
