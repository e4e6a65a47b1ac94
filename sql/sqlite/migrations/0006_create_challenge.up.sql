CREATE TABLE "authstore_challenge" (
    "key" text NOT NULL PRIMARY KEY,
    "payload" text NOT NULL,
    "expires" text NOT NULL
);

CREATE INDEX "authstore_challenge_expires_idx" ON "authstore_challenge" ("expires");
