CREATE TABLE "User" (
    "id" text NOT NULL PRIMARY KEY DEFAULT (
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
    ),
    "name" text,
    "email" text,
    "emailVerified" text,
    "image" text,
    CONSTRAINT "User_email_key" UNIQUE ("email")
);
