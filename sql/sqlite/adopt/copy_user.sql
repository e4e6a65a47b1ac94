INSERT INTO "User" ("id", "name", "email", "emailVerified", "image")
SELECT "id", "name", "email", strftime('%Y-%m-%dT%H:%M:%fZ', "emailVerified"), "image"
FROM "authstore_adopted_User";

DROP TABLE "authstore_adopted_User";
