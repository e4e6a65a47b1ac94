-- Returns the objects that an adoption may break, and for each a statement that SQLite can prepare only if it works. A
-- trigger is used by a statement that runs it. If the statement does not work, the other triggers are dropped to find out
-- which one it is.
SELECT 'the view ' || "name", NULL, 'SELECT * FROM "' || replace("name", '"', '""') || '"', NULL
FROM sqlite_schema
WHERE "type" = 'view'

UNION ALL
SELECT 'the table ' || "column1", NULL, 'SELECT * FROM "' || "column1" || '"', NULL
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator'))

UNION ALL
SELECT
    'the foreign keys of ' || "name", NULL, 'PRAGMA foreign_key_check("' || replace("name", '"', '""') || '")', NULL
FROM sqlite_schema
WHERE "type" = 'table'

UNION ALL
SELECT
    'the trigger ' || t."name",
    (
        SELECT group_concat('DROP TRIGGER "' || replace(o."name", '"', '""') || '"', ';')
        FROM sqlite_schema AS o
        WHERE o."type" = 'trigger' AND o."name" <> t."name"
    ),
    e."column1" || '"' || replace(t."tbl_name", '"', '""') || '"' || e."column2",
    t."tbl_name"
FROM sqlite_schema AS t
JOIN (VALUES ('INSERT INTO ', ' DEFAULT VALUES'), ('DELETE FROM ', ''), ('UPDATE ', ' SET ')) AS e
WHERE t."type" = 'trigger';
