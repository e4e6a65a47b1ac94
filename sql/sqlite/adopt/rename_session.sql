ALTER TABLE "Session" RENAME TO "authstore_adopted_Session";
