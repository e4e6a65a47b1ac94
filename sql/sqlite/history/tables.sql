-- For each of the crate's own tables that exists, the version of the migration that creates it. Table names in SQLite
-- are case-insensitive.
WITH "own" ("version", "name") AS (
    VALUES
    (1, 'User'),
    (2, 'Account'),
    (3, 'Session'),
    (4, 'VerificationToken'),
    (5, 'Authenticator'),
    (6, 'authstore_challenge'),
    (7, 'authstore_session_details'),
    (8, 'authstore_authenticator_details')
)
SELECT "own"."version"
FROM "own"
WHERE EXISTS (
    SELECT 1
    FROM sqlite_schema
    WHERE type IN ('table', 'view') AND sqlite_schema.name = "own"."name" COLLATE NOCASE
)
ORDER BY "own"."version";
