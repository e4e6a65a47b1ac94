SELECT pg_catalog.count(*) FROM "Session";
