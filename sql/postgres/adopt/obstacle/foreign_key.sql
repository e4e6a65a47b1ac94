-- One of the application's own stays, but it cannot follow a change of type.
SELECT
    'the foreign key ' || k.conname || ' of ' || k.conrelid::regclass::text
    || ' refers to a column whose type will change: drop it, and add it again afterwards'
FROM pg_constraint AS k
WHERE k.contype = 'f'
    AND k.confrelid = to_regclass('"User"')
    AND k.conrelid NOT IN (
        SELECT to_regclass(quote_ident(t."name"))::oid
        FROM (VALUES ('Account'), ('Session'), ('Authenticator')) AS t ("name")
        WHERE to_regclass(quote_ident(t."name")) IS NOT NULL
    )
    AND EXISTS (
        SELECT 1
        FROM pg_attribute AS c
        WHERE c.attrelid = k.confrelid AND c.attname = 'id' AND c.atttypid <> 'uuid'::regtype
    );
