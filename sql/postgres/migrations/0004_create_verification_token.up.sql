-- A primary key, and not only a uniqueness: logical replication rejects deletions from a table without one.
CREATE TABLE "VerificationToken" (
    "identifier" text COLLATE "C" NOT NULL,
    "token" text COLLATE "C" NOT NULL,
    "expires" timestamptz(3) NOT NULL,
    CONSTRAINT "VerificationToken_pkey" PRIMARY KEY ("token")
);

CREATE INDEX "VerificationToken_expires_idx" ON "VerificationToken" ("expires");

CREATE INDEX "VerificationToken_identifier_idx" ON "VerificationToken" ("identifier");
