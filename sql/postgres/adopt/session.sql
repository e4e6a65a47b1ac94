ALTER TABLE "Session" ADD COLUMN IF NOT EXISTS "id" uuid NOT NULL DEFAULT gen_random_uuid();

ALTER TABLE "Session" DROP CONSTRAINT IF EXISTS "Session_pkey";

ALTER TABLE "Session" DROP CONSTRAINT IF EXISTS "Session_userId_fkey";

ALTER TABLE "Session" DROP CONSTRAINT IF EXISTS "Session_sessionToken_key";

ALTER TABLE "Session"
    ALTER COLUMN "id" DROP DEFAULT,
    ALTER COLUMN "id" TYPE uuid USING "id"::text::uuid,
    ALTER COLUMN "id" SET DEFAULT gen_random_uuid(),
    ALTER COLUMN "userId" DROP DEFAULT,
    ALTER COLUMN "userId" TYPE uuid USING "userId"::text::uuid,
    ALTER COLUMN "userId" SET NOT NULL,
    ALTER COLUMN "sessionToken" TYPE text COLLATE "C",
    ALTER COLUMN "sessionToken" SET NOT NULL,
    ALTER COLUMN "sessionToken" DROP DEFAULT,
    ALTER COLUMN "expires" DROP DEFAULT,
    ALTER COLUMN "expires" TYPE timestamptz(3) USING date_trunc('milliseconds', "expires"),
    ALTER COLUMN "expires" SET NOT NULL;

-- Nothing refers to the id, so a row that has none is given one.
UPDATE "Session" SET "id" = gen_random_uuid() WHERE "id" IS NULL;

ALTER TABLE "Session"
    ADD CONSTRAINT "Session_pkey" PRIMARY KEY ("id"),
    ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE,
    ADD CONSTRAINT "Session_sessionToken_key" UNIQUE ("sessionToken");

-- The guide's, under our name.
DROP INDEX IF EXISTS "Session_userId_index";

CREATE INDEX IF NOT EXISTS "Session_userId_idx" ON "Session" ("userId");

CREATE INDEX IF NOT EXISTS "Session_expires_idx" ON "Session" ("expires");
