ALTER TABLE "VerificationToken"
    DROP CONSTRAINT IF EXISTS "VerificationToken_pkey",
    DROP CONSTRAINT IF EXISTS "VerificationToken_token_key";

ALTER TABLE "VerificationToken"
    ALTER COLUMN "identifier" TYPE text COLLATE "C",
    ALTER COLUMN "identifier" SET NOT NULL,
    ALTER COLUMN "identifier" DROP DEFAULT,
    ALTER COLUMN "token" TYPE text COLLATE "C",
    ALTER COLUMN "token" SET NOT NULL,
    ALTER COLUMN "token" DROP DEFAULT,
    ALTER COLUMN "expires" DROP DEFAULT,
    ALTER COLUMN "expires" TYPE timestamptz(3) USING date_trunc('milliseconds', "expires"),
    ALTER COLUMN "expires" SET NOT NULL;

ALTER TABLE "VerificationToken" ADD CONSTRAINT "VerificationToken_pkey" PRIMARY KEY ("token");

CREATE INDEX IF NOT EXISTS "VerificationToken_expires_idx" ON "VerificationToken" ("expires");

CREATE INDEX IF NOT EXISTS "VerificationToken_identifier_idx" ON "VerificationToken" ("identifier");
