CREATE TABLE IF NOT EXISTS "authstore_migration" (
    "series" text NOT NULL,
    "version" bigint NOT NULL,
    "name" text NOT NULL,
    "checksum" text NOT NULL,
    "applied_at" timestamptz(3) NOT NULL,
    PRIMARY KEY ("series", "version")
);
