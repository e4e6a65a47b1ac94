ALTER TABLE "Account" ADD COLUMN "access_token" text;
