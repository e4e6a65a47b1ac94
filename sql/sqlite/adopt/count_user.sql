SELECT count(*) FROM "User";
