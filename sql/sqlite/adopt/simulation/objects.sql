-- The statements that created everything, in an order in which they can be repeated. Virtual tables create their shadow
-- tables themselves.
SELECT
    s."type", s."name", s."tbl_name", s."sql",
    s."tbl_name" COLLATE NOCASE IN ('User', 'Account', 'Session', 'VerificationToken', 'Authenticator')
FROM sqlite_schema AS s
WHERE s."sql" IS NOT NULL
    AND s."name" NOT LIKE 'sqlite\_%' ESCAPE '\'
    AND NOT EXISTS (
        SELECT 1 FROM pragma_table_list AS l WHERE l."schema" = 'main' AND l."name" = s."name" AND l."type" = 'shadow'
    )
ORDER BY instr('table index view trigger', s."type"), s.rowid;
