CREATE TABLE "Session" (
    "id" uuid NOT NULL DEFAULT gen_random_uuid(),
    "userId" uuid NOT NULL,
    "sessionToken" text COLLATE "C" NOT NULL,
    "expires" timestamptz(3) NOT NULL,
    CONSTRAINT "Session_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE,
    CONSTRAINT "Session_sessionToken_key" UNIQUE ("sessionToken")
);

CREATE INDEX "Session_userId_idx" ON "Session" ("userId");

CREATE INDEX "Session_expires_idx" ON "Session" ("expires");
