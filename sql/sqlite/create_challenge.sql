INSERT INTO "authstore_challenge" ("key", "payload", "expires")
VALUES (?1, ?2, ?3);
