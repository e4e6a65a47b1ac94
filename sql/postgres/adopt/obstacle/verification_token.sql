SELECT count(*)::text || ' verification tokens have the same token'
FROM "VerificationToken"
GROUP BY "token"::text COLLATE "C"
HAVING count(*) > 1
LIMIT 100;
