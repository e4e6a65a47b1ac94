SELECT pg_catalog.count(*) FROM "User";
