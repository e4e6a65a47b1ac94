CREATE TABLE profile (
    user_id uuid NOT NULL PRIMARY KEY REFERENCES "User" ("id") ON DELETE CASCADE,
    joined timestamptz(3) NOT NULL,
    joined_by text NOT NULL
);
