CREATE TABLE "authstore_authenticator_details" (
    "credential_id" text NOT NULL PRIMARY KEY REFERENCES "Authenticator" ("credentialID") ON DELETE CASCADE,
    "name" text,
    "created" text,
    "last_used" text
);
