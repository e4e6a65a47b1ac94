DELETE FROM "VerificationToken"
WHERE "identifier" = $1 AND "token" = $2
RETURNING "identifier", "token", "expires";
