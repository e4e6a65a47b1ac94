SELECT count(*) FROM "VerificationToken";
