-- The tables of the application's own that refer to a table with a key that holds at once.
SELECT DISTINCT t."name"
FROM sqlite_schema AS t, pragma_foreign_key_list(t."name") AS k
WHERE
    t."type" = 'table'
    AND k."table" = ?1 COLLATE NOCASE
    AND 'RESTRICT' IN (k."on_delete", k."on_update")
ORDER BY t."name";
