ALTER TABLE "Authenticator" ADD COLUMN "transports" text;
