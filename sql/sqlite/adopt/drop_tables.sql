-- Those that refer to users go first. Their triggers and indexes go with them.
DROP TABLE IF EXISTS "authstore_adopted_Account";
DROP TABLE IF EXISTS "authstore_adopted_Session";
DROP TABLE IF EXISTS "authstore_adopted_VerificationToken";
DROP TABLE IF EXISTS "authstore_adopted_Authenticator";
DROP TABLE IF EXISTS "authstore_adopted_User";
