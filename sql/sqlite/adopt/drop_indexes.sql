-- An index keeps its name when its table is renamed, and the new tables need these names.
DROP INDEX IF EXISTS "Account_userId_idx";
DROP INDEX IF EXISTS "Session_userId_idx";
DROP INDEX IF EXISTS "Session_expires_idx";
DROP INDEX IF EXISTS "VerificationToken_expires_idx";
DROP INDEX IF EXISTS "VerificationToken_identifier_idx";
