SELECT 'VerificationToken.expires is not a time from 1970 to 9999 in ' || pg_catalog.count(*)::text || ' rows'
FROM "VerificationToken"
WHERE NOT pg_catalog.isfinite("expires") OR "expires" < '1970-01-01T00:00:00Z' OR "expires" >= '10000-01-01T00:00:00Z'
HAVING pg_catalog.count(*) > 0;
