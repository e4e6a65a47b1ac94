ALTER TABLE "Account" ADD COLUMN "session_state" text;
