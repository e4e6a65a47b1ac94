-- The table itself, and the tables that refer to it.
SELECT t."name"
FROM sqlite_schema AS t
WHERE
    t."type" = 'table'
    AND (
        t."name" = ?1 COLLATE NOCASE
        OR EXISTS (
            SELECT 1
            FROM pragma_foreign_key_list(t."name") AS k
            WHERE k."table" = ?1 COLLATE NOCASE
        )
    );
