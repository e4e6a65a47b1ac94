ALTER TABLE "Account" ADD COLUMN "id" text;
