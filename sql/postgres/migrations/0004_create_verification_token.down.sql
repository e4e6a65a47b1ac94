DROP TABLE "VerificationToken";
