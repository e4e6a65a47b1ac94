WITH
    "actual_table" ("table", "oid") AS (
        SELECT t."name", to_regclass(pg_catalog.quote_ident(t."name"))
        FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
        WHERE to_regclass(pg_catalog.quote_ident(t."name")) IS NOT NULL
    )

SELECT
    pg_catalog.format(
        'ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE',
        t."table", t."table" || '_userId_fkey'
    )
FROM "actual_table" AS t
WHERE t."table" IN ('Account', 'Session', 'Authenticator')
    AND NOT EXISTS (
        SELECT 1 FROM pg_constraint AS k WHERE k.conrelid = t."oid" AND k.conname = t."table" || '_userId_fkey'
    );
