CREATE TABLE "VerificationToken" (
    "identifier" text COLLATE "C" NOT NULL,
    "token" text COLLATE "C" NOT NULL,
    "expires" timestamptz(3) NOT NULL,
    CONSTRAINT "VerificationToken_token_key" UNIQUE ("token")
);

CREATE INDEX "VerificationToken_expires_idx" ON "VerificationToken" ("expires");

CREATE INDEX "VerificationToken_identifier_idx" ON "VerificationToken" ("identifier");
