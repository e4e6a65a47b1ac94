-- The application's own tables with a foreign key to this table that is RESTRICT, which SQLite checks immediately.
SELECT DISTINCT t."name"
FROM sqlite_schema AS t, pragma_foreign_key_list(t."name") AS k
WHERE
    t."type" = 'table'
    AND k."table" = ?1 COLLATE NOCASE
    AND 'RESTRICT' IN (k."on_delete", k."on_update")
ORDER BY t."name";
