DROP TABLE "authstore_challenge";
