-- For each of the crate's own tables that exists, the version of its migration. A table further down the search path
-- counts too: the one that the migration creates would hide it, with its rows.
SELECT DISTINCT "own"."version"
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
WHERE pg_namespace.nspname = ANY(current_schemas(false))
ORDER BY "own"."version";
