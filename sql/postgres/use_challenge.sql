DELETE FROM "authstore_challenge"
WHERE "key" = $1
RETURNING "expires", "key", "payload";
