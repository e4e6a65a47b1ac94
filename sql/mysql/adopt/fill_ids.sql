-- Returns one statement for each table with rows that may have no id, which gives them one: nothing refers to it. Columns
-- that every update would set to the current time keep their values.
SELECT CONCAT(
    'UPDATE `', k.tbl, '` SET `id` = uuid()',
    COALESCE(GROUP_CONCAT(', `', REPLACE(c.COLUMN_NAME, '`', '``'), '` = `', REPLACE(c.COLUMN_NAME, '`', '``'), '`' SEPARATOR ''), ''),
    ' WHERE `id` IS NULL'
)
FROM (SELECT 'Account' AS tbl UNION ALL SELECT 'Session') AS k
JOIN
    information_schema.COLUMNS AS i
    ON i.TABLE_SCHEMA = DATABASE()
        AND IF(@@lower_case_table_names = 0, i.TABLE_NAME = BINARY k.tbl, LOWER(i.TABLE_NAME) = LOWER(k.tbl))
        AND i.COLUMN_NAME = 'id'
        AND i.IS_NULLABLE = 'YES'
LEFT JOIN
    information_schema.COLUMNS AS c
    ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY i.TABLE_NAME AND c.EXTRA LIKE '%on update%'
GROUP BY k.tbl;
