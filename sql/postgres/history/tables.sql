-- For each of the crate's own tables that exists where its migration would create it, the version of that migration.
SELECT "own"."version"
FROM (
    VALUES
    (1, 'User'),
    (2, 'Account'),
    (3, 'Session'),
    (4, 'VerificationToken'),
    (5, 'Authenticator'),
    (6, 'authstore_challenge'),
    (7, 'authstore_session_details'),
    (8, 'authstore_authenticator_details')
) AS "own" ("version", "name")
INNER JOIN pg_catalog.pg_class ON pg_class.relname = "own"."name"
INNER JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pg_class.relnamespace
WHERE pg_namespace.nspname = current_schema()
ORDER BY "own"."version";
