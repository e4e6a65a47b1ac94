-- Returns a query for each foreign key to a column of ours that has a collation of its own. The query finds the rows that
-- spell a value differently, and so will refer to nothing when the column is compared bytewise.
WITH "key" ("child", "from", "parent", "to") AS (
    SELECT DISTINCT t."name", f."from", k."column1", x."name"
    FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS k
    JOIN pragma_index_list(k."column1") AS i ON i."unique"
    JOIN pragma_index_xinfo(i."name") AS x ON x."key" AND x."coll" <> 'BINARY'
    JOIN sqlite_schema AS t ON t."type" = 'table'
    JOIN pragma_foreign_key_list(t."name") AS f
        ON f."table" = k."column1" COLLATE NOCASE
            AND coalesce(
                f."to", (SELECT c."name" FROM pragma_table_info(k."column1") AS c WHERE c."pk" = f."seq" + 1)
            ) = x."name" COLLATE NOCASE
    -- The schema's own foreign keys have checks of their own.
    WHERE NOT (f."from" = 'userId' AND t."name" COLLATE NOCASE IN ('Account', 'Session', 'Authenticator'))
)

SELECT
    'SELECT ''the foreign key of ' || replace("child", '''', '''''') || ' on ' || replace("from", '''', '''''') || ' to '
    || "parent" || ': '' || count(*) || '' rows spell ' || replace("to", '''', '''''')
    || ' differently, and would refer to no row without its COLLATE clause; change their spelling first'' FROM "'
    || replace("child", '"', '""') || '" AS c WHERE EXISTS (SELECT 1 FROM "' || "parent" || '" AS p WHERE p."'
    || replace("to", '"', '""') || '" = c."' || replace("from", '"', '""') || '") AND NOT EXISTS (SELECT 1 FROM "' || "parent"
    || '" AS p WHERE p."' || replace("to", '"', '""') || '" = c."' || replace("from", '"', '""')
    || '" COLLATE BINARY) HAVING count(*) > 0'
FROM "key";
