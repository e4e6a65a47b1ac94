-- Keys are in the collation "C" in every table: they are compared and ordered by their bytes, and an update of the
-- operating system's locales cannot damage their indexes.
CREATE TABLE "User" (
    "id" uuid NOT NULL DEFAULT gen_random_uuid(),
    "name" text,
    "email" text COLLATE "C",
    "emailVerified" timestamptz(3),
    "image" text,
    CONSTRAINT "User_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "User_email_key" UNIQUE ("email")
);
