CREATE TABLE "authstore_authenticator_details" (
    "credential_id" text COLLATE "C" NOT NULL,
    "name" text,
    "created" timestamptz(3),
    "last_used" timestamptz(3),
    CONSTRAINT "authstore_authenticator_details_pkey" PRIMARY KEY ("credential_id"),
    CONSTRAINT "authstore_authenticator_details_credential_id_fkey" FOREIGN KEY ("credential_id")
    REFERENCES "Authenticator" ("credentialID") ON DELETE CASCADE
);
