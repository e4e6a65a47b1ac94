CREATE TABLE "authstore_challenge" (
    "key" text COLLATE "C" NOT NULL,
    "payload" text NOT NULL,
    "expires" timestamptz(3) NOT NULL,
    CONSTRAINT "authstore_challenge_pkey" PRIMARY KEY ("key")
);

CREATE INDEX "authstore_challenge_expires_idx" ON "authstore_challenge" ("expires");
