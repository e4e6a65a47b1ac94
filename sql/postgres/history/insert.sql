INSERT INTO "authstore_migration" ("series", "version", "name", "checksum", "applied_at")
VALUES ($1, $2, $3, $4, $5);
