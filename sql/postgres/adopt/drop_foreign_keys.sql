-- Returns statements that drop the foreign keys of the three tables that differ from the schema or whose columns
-- change, and the application's own that are added again. Then the columns of those that refer to an id get its type. A
-- column may have several foreign keys.
SELECT "statement"
FROM (
    SELECT 1, pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname)
    FROM "user_foreign_key" AS u
    JOIN pg_constraint AS k ON k.oid = u."constraint"
    JOIN pg_attribute AS c ON c.attrelid = k.conrelid AND c.attnum = k.conkey[1]
    JOIN pg_attribute AS p ON p.attrelid = k.confrelid AND p.attnum = k.confkey[1]
    WHERE k.conname <> u."table" || '_userId_fkey'
        OR pg_get_constraintdef(k.oid) <> 'FOREIGN KEY ("userId") REFERENCES "User"(id) ON DELETE CASCADE'
        OR p.atttypid <> 'uuid'::regtype
        OR c.atttypid <> 'uuid'::regtype
        -- It would keep a key that is replaced.
        OR NOT EXISTS (SELECT 1 FROM pg_index AS i WHERE i.indexrelid = k.conindid AND i.indisprimary)
    UNION ALL
    SELECT 1, pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname)
    FROM authstore_adoption AS a
    JOIN pg_constraint AS k ON k.oid = a."constraint"
    UNION
    SELECT
        2,
        pg_catalog.format(
            'ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT, ALTER COLUMN %I TYPE uuid USING %I::text::uuid', k.conrelid::regclass,
            c.attname, c.attname, c.attname
        )
        || coalesce(pg_catalog.format(', ALTER COLUMN %I SET DEFAULT (', c.attname) || pg_get_expr(d.adbin, d.adrelid) || ')::text::uuid', '')
    FROM authstore_adoption AS a
    JOIN pg_constraint AS k ON k.oid = a."constraint"
    JOIN pg_attribute AS c ON c.attrelid = k.conrelid AND c.attnum = k.conkey[1]
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
    WHERE a."becomes_uuid"
) AS s ("order", "statement")
ORDER BY "order";
