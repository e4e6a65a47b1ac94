ALTER TABLE "Account" ADD COLUMN "scope" text;
