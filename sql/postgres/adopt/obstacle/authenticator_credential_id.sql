SELECT pg_catalog.count(*)::text || ' authenticators, of the users ' || pg_catalog.left(pg_catalog.string_agg(CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN "userId"::text ~ '^[0-9A-Za-z_-]+$' THEN "userId"::text ELSE '(not shown)' END, ', ' ORDER BY "userId"::text), 1000) || ', have the same credentialID'
FROM "Authenticator"
GROUP BY "credentialID"::text COLLATE "C"
HAVING pg_catalog.count(*) > 1
LIMIT 100;
