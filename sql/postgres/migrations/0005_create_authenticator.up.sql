-- The primary key, which begins with "userId", is the foreign key's index too.
CREATE TABLE "Authenticator" (
    "credentialID" text COLLATE "C" NOT NULL,
    "userId" uuid NOT NULL,
    "providerAccountId" text COLLATE "C" NOT NULL,
    "credentialPublicKey" text NOT NULL,
    "counter" bigint NOT NULL,
    "credentialDeviceType" text NOT NULL,
    "credentialBackedUp" boolean NOT NULL,
    "transports" text,
    CONSTRAINT "Authenticator_pkey" PRIMARY KEY ("userId", "credentialID"),
    CONSTRAINT "Authenticator_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE,
    CONSTRAINT "Authenticator_credentialID_key" UNIQUE ("credentialID")
);
