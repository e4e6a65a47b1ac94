SELECT pg_catalog.count(*) FROM "Account";
