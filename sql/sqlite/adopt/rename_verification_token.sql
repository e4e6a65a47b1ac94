ALTER TABLE "VerificationToken" RENAME TO "authstore_adopted_VerificationToken";
