-- Saves the application's own foreign keys to an id whose type changes, to add them again at the end. Other connections
-- never see this table, because all is one transaction.
CREATE TABLE authstore_adoption AS
WITH
    "actual_table" ("table", "oid") AS (
        SELECT t."name", to_regclass(quote_ident(t."name"))
        FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
        WHERE to_regclass(quote_ident(t."name")) IS NOT NULL
    )

SELECT
    k.oid AS "constraint",
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
    AS "statement"
FROM "actual_table" AS t
JOIN pg_constraint AS k ON k.confrelid = t."oid" AND k.contype = 'f'
JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attnum = k.confkey[1] AND c.attname = 'id'
WHERE c.atttypid <> 'uuid'::regtype
    AND k.conparentid = 0
    AND k.conrelid NOT IN (SELECT a."oid" FROM "actual_table" AS a);
