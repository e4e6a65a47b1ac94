SELECT pg_catalog.count(*)::text || ' verification tokens have the same token'
FROM "VerificationToken"
GROUP BY "token"::text COLLATE "C"
HAVING pg_catalog.count(*) > 1
LIMIT 100;
