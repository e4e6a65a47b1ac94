CREATE TABLE profile (
    user_id text NOT NULL PRIMARY KEY REFERENCES "User" ("id") ON DELETE CASCADE,
    joined text NOT NULL,
    joined_by text NOT NULL
);
