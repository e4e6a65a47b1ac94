-- Those of Account, Session and Authenticator are made again afterwards. Any other that refers to the users' id keeps
-- its type, and was found in the way when that is not uuid.
ALTER TABLE IF EXISTS "Account" DROP CONSTRAINT IF EXISTS "Account_userId_fkey";

ALTER TABLE IF EXISTS "Session" DROP CONSTRAINT IF EXISTS "Session_userId_fkey";

ALTER TABLE IF EXISTS "Authenticator" DROP CONSTRAINT IF EXISTS "Authenticator_userId_fkey";

ALTER TABLE "User"
    ALTER COLUMN "id" DROP DEFAULT,
    ALTER COLUMN "id" TYPE uuid USING "id"::text::uuid;
