SELECT 1
WHERE to_regclass('authstore_migration') IS NOT NULL;
