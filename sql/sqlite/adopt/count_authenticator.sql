SELECT count(*) FROM "Authenticator";
