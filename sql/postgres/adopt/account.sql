ALTER TABLE "Account"
    ADD COLUMN IF NOT EXISTS "id" uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN IF NOT EXISTS "refresh_token" text,
    ADD COLUMN IF NOT EXISTS "access_token" text,
    ADD COLUMN IF NOT EXISTS "expires_at" bigint,
    ADD COLUMN IF NOT EXISTS "token_type" text,
    ADD COLUMN IF NOT EXISTS "scope" text,
    ADD COLUMN IF NOT EXISTS "id_token" text,
    ADD COLUMN IF NOT EXISTS "session_state" text,
    ADD COLUMN IF NOT EXISTS "oauth_token_secret" text,
    ADD COLUMN IF NOT EXISTS "oauth_token" text;

ALTER TABLE "Account" DROP CONSTRAINT IF EXISTS "Account_pkey";

ALTER TABLE "Account" DROP CONSTRAINT IF EXISTS "Account_userId_fkey";

ALTER TABLE "Account" DROP CONSTRAINT IF EXISTS "Account_provider_providerAccountId_key";

ALTER TABLE "Account"
    ALTER COLUMN "id" DROP DEFAULT,
    ALTER COLUMN "id" TYPE uuid USING "id"::text::uuid,
    ALTER COLUMN "id" SET DEFAULT gen_random_uuid(),
    ALTER COLUMN "userId" DROP DEFAULT,
    ALTER COLUMN "userId" TYPE uuid USING "userId"::text::uuid,
    ALTER COLUMN "userId" SET NOT NULL,
    ALTER COLUMN "type" TYPE text,
    ALTER COLUMN "type" SET NOT NULL,
    ALTER COLUMN "type" DROP DEFAULT,
    ALTER COLUMN "provider" TYPE text COLLATE "C",
    ALTER COLUMN "provider" SET NOT NULL,
    ALTER COLUMN "provider" DROP DEFAULT,
    ALTER COLUMN "providerAccountId" TYPE text COLLATE "C",
    ALTER COLUMN "providerAccountId" SET NOT NULL,
    ALTER COLUMN "providerAccountId" DROP DEFAULT,
    ALTER COLUMN "refresh_token" TYPE text,
    ALTER COLUMN "refresh_token" DROP NOT NULL,
    ALTER COLUMN "refresh_token" DROP DEFAULT,
    ALTER COLUMN "access_token" TYPE text,
    ALTER COLUMN "access_token" DROP NOT NULL,
    ALTER COLUMN "access_token" DROP DEFAULT,
    ALTER COLUMN "expires_at" DROP DEFAULT,
    ALTER COLUMN "expires_at" TYPE bigint,
    ALTER COLUMN "expires_at" DROP NOT NULL,
    ALTER COLUMN "token_type" TYPE text,
    ALTER COLUMN "token_type" DROP NOT NULL,
    ALTER COLUMN "token_type" DROP DEFAULT,
    ALTER COLUMN "scope" TYPE text,
    ALTER COLUMN "scope" DROP NOT NULL,
    ALTER COLUMN "scope" DROP DEFAULT,
    ALTER COLUMN "id_token" TYPE text,
    ALTER COLUMN "id_token" DROP NOT NULL,
    ALTER COLUMN "id_token" DROP DEFAULT,
    ALTER COLUMN "session_state" TYPE text,
    ALTER COLUMN "session_state" DROP NOT NULL,
    ALTER COLUMN "session_state" DROP DEFAULT,
    ALTER COLUMN "oauth_token_secret" TYPE text,
    ALTER COLUMN "oauth_token_secret" DROP NOT NULL,
    ALTER COLUMN "oauth_token_secret" DROP DEFAULT,
    ALTER COLUMN "oauth_token" TYPE text,
    ALTER COLUMN "oauth_token" DROP NOT NULL,
    ALTER COLUMN "oauth_token" DROP DEFAULT;

-- Nothing refers to the id, so a row that has none is given one.
UPDATE "Account" SET "id" = gen_random_uuid() WHERE "id" IS NULL;

ALTER TABLE "Account"
    ADD CONSTRAINT "Account_pkey" PRIMARY KEY ("id"),
    ADD CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE,
    ADD CONSTRAINT "Account_provider_providerAccountId_key" UNIQUE ("provider", "providerAccountId");

-- The guide's, under our name.
DROP INDEX IF EXISTS "Account_userId_index";

CREATE INDEX IF NOT EXISTS "Account_userId_idx" ON "Account" ("userId");
