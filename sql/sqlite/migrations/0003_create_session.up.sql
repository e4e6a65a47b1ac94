CREATE TABLE "Session" (
    "id" text NOT NULL PRIMARY KEY DEFAULT (
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
    ),
    "userId" text NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE,
    "sessionToken" text NOT NULL,
    "expires" text NOT NULL,
    CONSTRAINT "Session_sessionToken_key" UNIQUE ("sessionToken")
);

CREATE INDEX "Session_userId_idx" ON "Session" ("userId");

CREATE INDEX "Session_expires_idx" ON "Session" ("expires");
