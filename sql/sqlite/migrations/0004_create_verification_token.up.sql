CREATE TABLE "VerificationToken" (
    "identifier" text NOT NULL,
    "token" text NOT NULL,
    "expires" text NOT NULL,
    CONSTRAINT "VerificationToken_token_key" UNIQUE ("token")
);

CREATE INDEX "VerificationToken_expires_idx" ON "VerificationToken" ("expires");

CREATE INDEX "VerificationToken_identifier_idx" ON "VerificationToken" ("identifier");
