ALTER TABLE "User"
    ADD COLUMN IF NOT EXISTS "name" text,
    ADD COLUMN IF NOT EXISTS "emailVerified" timestamptz(3),
    ADD COLUMN IF NOT EXISTS "image" text;

ALTER TABLE "User"
    ALTER COLUMN "id" SET DEFAULT gen_random_uuid(),
    ALTER COLUMN "name" TYPE text,
    ALTER COLUMN "name" DROP NOT NULL,
    ALTER COLUMN "name" DROP DEFAULT,
    ALTER COLUMN "email" TYPE text COLLATE "C",
    ALTER COLUMN "email" DROP NOT NULL,
    ALTER COLUMN "email" DROP DEFAULT,
    ALTER COLUMN "emailVerified" DROP DEFAULT,
    ALTER COLUMN "emailVerified" TYPE timestamptz(3) USING date_trunc('milliseconds', "emailVerified"),
    ALTER COLUMN "emailVerified" DROP NOT NULL,
    ALTER COLUMN "image" TYPE text,
    ALTER COLUMN "image" DROP NOT NULL,
    ALTER COLUMN "image" DROP DEFAULT;

ALTER TABLE "User" DROP CONSTRAINT IF EXISTS "User_email_key";

ALTER TABLE "User" ADD CONSTRAINT "User_email_key" UNIQUE ("email");
