SELECT "version", "name", "checksum", "applied_at"
FROM "authstore_migration"
WHERE "series" = $1
ORDER BY "version";
