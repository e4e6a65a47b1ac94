-- Changes the keys and indexes to those of the schema. A constraint with the same definition is renamed, a unique index
-- on the same columns becomes the constraint, and other objects with our names or columns are dropped.
, -- More of the WITH in with_keys.sql.
    "expected_index" ("table", "column") AS (
        VALUES
        ('Account', 'userId'),
        ('Session', 'userId'),
        ('Session', 'expires'),
        ('VerificationToken', 'expires'),
        ('VerificationToken', 'identifier')
    )

SELECT "statement"
FROM (
    SELECT
        1,
        CASE
            WHEN d."constraint" IS NULL THEN pg_catalog.format('DROP INDEX %s', d."index"::regclass)
            ELSE pg_catalog.format('ALTER TABLE %I DROP CONSTRAINT %I', d."table", d."name")
        END
    FROM "dropped" AS d
    UNION ALL
    SELECT
        2,
        CASE
            WHEN u."is_constraint" THEN pg_catalog.format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', u."table", u."name", u."wanted")
            ELSE pg_catalog.format('ALTER TABLE %I ADD CONSTRAINT %I UNIQUE USING INDEX %I', u."table", u."wanted", u."name")
        END
    FROM "used" AS u
    WHERE NOT u."is_constraint"
        OR u."wanted" <> u."name"
    UNION ALL
    SELECT 3, pg_catalog.format('ALTER TABLE %I ADD CONSTRAINT %I %s', e."table", e."name", e."definition")
    FROM "expected_key" AS e
    JOIN "actual_table" AS t ON t."table" = e."table"
    WHERE NOT EXISTS (SELECT 1 FROM "used" AS u WHERE u."table" = e."table" AND u."wanted" = e."name")
    UNION ALL
    SELECT 4, pg_catalog.format('CREATE INDEX %I ON %I (%I)', e."table" || '_' || e."column" || '_idx', e."table", e."column")
    FROM "expected_index" AS e
    JOIN "actual_table" AS t ON t."table" = e."table"
    JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attname = e."column"
    WHERE NOT EXISTS (
        SELECT 1
        FROM pg_index AS i
        WHERE i.indrelid = t."oid"
            AND i.indisvalid
            AND i.indpred IS NULL
            AND i.indkey[0] = c.attnum
            AND i.indexrelid IN (SELECT b.oid FROM pg_class AS b JOIN pg_am AS m ON m.oid = b.relam AND m.amname = 'btree')
            AND i.indexrelid NOT IN (SELECT d."index" FROM "dropped" AS d)
    )
) AS s ("order", "statement")
ORDER BY "order";
