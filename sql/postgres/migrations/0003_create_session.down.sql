DROP TABLE "Session";
