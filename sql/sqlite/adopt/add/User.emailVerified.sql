ALTER TABLE "User" ADD COLUMN "emailVerified" text;
