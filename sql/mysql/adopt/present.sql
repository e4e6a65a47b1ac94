-- Columns, foreign keys and unique keys, by the table's name in the schema, because a server may store names in lower case.
-- Names of foreign keys ignore case, so those of the schema are spelled as there.
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
SELECT
    CONCAT(
        k.tbl, '.',
        IF(LOWER(c.CONSTRAINT_NAME) = LOWER(CONCAT(k.tbl, '_userId_fkey')), CONCAT(k.tbl, '_userId_fkey'), c.CONSTRAINT_NAME)
    )
FROM known AS k
JOIN
    information_schema.REFERENTIAL_CONSTRAINTS AS c
    ON c.CONSTRAINT_SCHEMA = DATABASE()
        AND IF(@@lower_case_table_names = 0, c.TABLE_NAME = BINARY k.tbl, LOWER(c.TABLE_NAME) = LOWER(k.tbl))
UNION ALL
SELECT CONCAT(k.tbl, '(', GROUP_CONCAT(s.COLUMN_NAME ORDER BY s.COLUMN_NAME), ')')
FROM known AS k
JOIN
    information_schema.STATISTICS AS s
    ON s.TABLE_SCHEMA = DATABASE()
        AND IF(@@lower_case_table_names = 0, s.TABLE_NAME = BINARY k.tbl, LOWER(s.TABLE_NAME) = LOWER(k.tbl))
WHERE s.NON_UNIQUE = 0
GROUP BY k.tbl, s.INDEX_NAME
HAVING COUNT(s.COLUMN_NAME) = COUNT(*);
