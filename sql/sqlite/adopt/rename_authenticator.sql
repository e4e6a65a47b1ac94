ALTER TABLE "Authenticator" RENAME TO "authstore_adopted_Authenticator";
