-- Tables that refer to users are dropped first. Their triggers and indexes are dropped with them.
DROP TABLE IF EXISTS "authstore_adopted_Account";
DROP TABLE IF EXISTS "authstore_adopted_Session";
DROP TABLE IF EXISTS "authstore_adopted_VerificationToken";
DROP TABLE IF EXISTS "authstore_adopted_Authenticator";
DROP TABLE IF EXISTS "authstore_adopted_User";
