SELECT "version", "name", "checksum", "applied_at", 0::bigint
FROM "authstore_migration"
WHERE "series" = $1
ORDER BY "version";
