ALTER TABLE "User" RENAME TO "authstore_adopted_User";
