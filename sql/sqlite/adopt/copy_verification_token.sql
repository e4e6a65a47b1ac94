INSERT INTO "VerificationToken" ("identifier", "token", "expires")
SELECT "identifier", "token", strftime('%Y-%m-%dT%H:%M:%fZ', "expires")
FROM "authstore_adopted_VerificationToken";

DROP TABLE "authstore_adopted_VerificationToken";
