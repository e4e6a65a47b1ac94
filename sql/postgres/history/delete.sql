DELETE FROM "authstore_migration"
WHERE "series" = $1 AND "version" = $2;
