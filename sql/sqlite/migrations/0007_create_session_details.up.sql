CREATE TABLE "authstore_session_details" (
    "session_id" text NOT NULL PRIMARY KEY REFERENCES "Session" ("id") ON DELETE CASCADE,
    "began" text,
    "last_seen" text,
    "ip" text,
    "user_agent" text
);
