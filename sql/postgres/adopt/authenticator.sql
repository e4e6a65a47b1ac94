ALTER TABLE "Authenticator" ADD COLUMN IF NOT EXISTS "transports" text;

ALTER TABLE "Authenticator" DROP CONSTRAINT IF EXISTS "Authenticator_pkey";

ALTER TABLE "Authenticator" DROP CONSTRAINT IF EXISTS "Authenticator_credentialID_key";

ALTER TABLE "Authenticator"
    ALTER COLUMN "credentialID" TYPE text COLLATE "C",
    ALTER COLUMN "credentialID" SET NOT NULL,
    ALTER COLUMN "credentialID" DROP DEFAULT,
    ALTER COLUMN "userId" DROP DEFAULT,
    ALTER COLUMN "userId" TYPE uuid USING "userId"::text::uuid,
    ALTER COLUMN "userId" SET NOT NULL,
    ALTER COLUMN "providerAccountId" TYPE text COLLATE "C",
    ALTER COLUMN "providerAccountId" SET NOT NULL,
    ALTER COLUMN "providerAccountId" DROP DEFAULT,
    ALTER COLUMN "credentialPublicKey" TYPE text,
    ALTER COLUMN "credentialPublicKey" SET NOT NULL,
    ALTER COLUMN "credentialPublicKey" DROP DEFAULT,
    ALTER COLUMN "counter" DROP DEFAULT,
    ALTER COLUMN "counter" TYPE bigint,
    ALTER COLUMN "counter" SET NOT NULL,
    ALTER COLUMN "credentialDeviceType" TYPE text,
    ALTER COLUMN "credentialDeviceType" SET NOT NULL,
    ALTER COLUMN "credentialDeviceType" DROP DEFAULT,
    ALTER COLUMN "credentialBackedUp" DROP DEFAULT,
    ALTER COLUMN "credentialBackedUp" SET NOT NULL,
    ALTER COLUMN "transports" TYPE text,
    ALTER COLUMN "transports" DROP NOT NULL,
    ALTER COLUMN "transports" DROP DEFAULT;

ALTER TABLE "Authenticator"
    ADD CONSTRAINT "Authenticator_pkey" PRIMARY KEY ("userId", "credentialID"),
    ADD CONSTRAINT "Authenticator_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE,
    ADD CONSTRAINT "Authenticator_credentialID_key" UNIQUE ("credentialID");
