ALTER TABLE "User" ADD COLUMN "image" text;
