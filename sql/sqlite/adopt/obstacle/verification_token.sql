-- A number becomes a string when it is copied.
SELECT count(*) || ' verification tokens have the same token'
FROM "VerificationToken"
GROUP BY CAST("token" AS text) COLLATE BINARY
HAVING count(*) > 1
LIMIT 100;
