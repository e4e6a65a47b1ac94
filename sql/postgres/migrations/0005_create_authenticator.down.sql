DROP TABLE "Authenticator";
