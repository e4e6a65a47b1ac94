CREATE TABLE "Authenticator" (
    "credentialID" text NOT NULL,
    "userId" text NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE,
    "providerAccountId" text NOT NULL,
    "credentialPublicKey" text NOT NULL,
    "counter" bigint NOT NULL,
    "credentialDeviceType" text NOT NULL,
    "credentialBackedUp" integer NOT NULL,
    "transports" text,
    PRIMARY KEY ("userId", "credentialID"),
    CONSTRAINT "Authenticator_credentialID_key" UNIQUE ("credentialID")
);
