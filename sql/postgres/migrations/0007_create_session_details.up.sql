CREATE TABLE "authstore_session_details" (
    "session_id" uuid NOT NULL,
    "began" timestamptz(3),
    "last_seen" timestamptz(3),
    "ip" text,
    "user_agent" text,
    CONSTRAINT "authstore_session_details_pkey" PRIMARY KEY ("session_id"),
    CONSTRAINT "authstore_session_details_session_id_fkey" FOREIGN KEY ("session_id")
    REFERENCES "Session" ("id") ON DELETE CASCADE
);
