SELECT pg_catalog.count(*) FROM "Authenticator";
