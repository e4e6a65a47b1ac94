SELECT count(*) FROM "Session";
