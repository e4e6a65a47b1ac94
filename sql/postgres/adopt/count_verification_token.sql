SELECT pg_catalog.count(*) FROM "VerificationToken";
