SELECT count(*) FROM "Account";
