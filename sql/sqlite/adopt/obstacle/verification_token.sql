SELECT count(*) || ' verification tokens have the same token'
FROM "VerificationToken"
GROUP BY "token" COLLATE BINARY
HAVING count(*) > 1
LIMIT 100;
