ALTER TABLE "Session" ADD COLUMN "id" text;
