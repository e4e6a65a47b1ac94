ALTER TABLE "Account" RENAME TO "authstore_adopted_Account";
