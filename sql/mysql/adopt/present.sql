-- Columns, keys and foreign keys, by the table's name in the schema, because a server may store names in lower case.
WITH known AS (
    SELECT 'User' AS tbl
    UNION ALL SELECT 'Account'
    UNION ALL SELECT 'Session'
    UNION ALL SELECT 'VerificationToken'
    UNION ALL SELECT 'Authenticator'
    UNION ALL SELECT 'authstore_adoption'
)

SELECT CONCAT(k.tbl, '.', c.COLUMN_NAME)
FROM known AS k
JOIN
    information_schema.COLUMNS AS c
    ON c.TABLE_SCHEMA = DATABASE()
        AND IF(@@lower_case_table_names = 0, c.TABLE_NAME = BINARY k.tbl, LOWER(c.TABLE_NAME) = LOWER(k.tbl))
UNION ALL
SELECT CONCAT(k.tbl, '.', c.CONSTRAINT_NAME)
FROM known AS k
JOIN
    information_schema.REFERENTIAL_CONSTRAINTS AS c
    ON c.CONSTRAINT_SCHEMA = DATABASE()
        AND IF(@@lower_case_table_names = 0, c.TABLE_NAME = BINARY k.tbl, LOWER(c.TABLE_NAME) = LOWER(k.tbl));
