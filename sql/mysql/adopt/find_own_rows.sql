-- of_own_foreign_keys.sql continues this.
-- One statement for each foreign key of the application's own that is dropped and added again: it records how many rows
-- the foreign key would reject. They were written while it was not enforced, or spell the id differently in a collation
-- that ignores the difference.
SELECT CONCAT(
    'SET @authstore_own_rows = CONCAT_WS(\'\\n\', @authstore_own_rows, (SELECT CONCAT(', QUOTE(CONCAT('the foreign key ', k.CONSTRAINT_NAME, ' of ', k.TABLE_NAME, ' cannot be added again: ')),
    ', COUNT(*), ', QUOTE(CONCAT(
        ' rows refer to a ', u.REFERENCED_TABLE_NAME, '.id that does not exist or is spelled differently; change or delete them'
    )),
    ') FROM `', REPLACE(k.TABLE_NAME, '`', '``'), '` AS c WHERE c.`', REPLACE(u.COLUMN_NAME, '`', '``'),
    '` IS NOT NULL AND NOT EXISTS (SELECT 1 FROM `', u.REFERENCED_TABLE_NAME, '` AS p WHERE p.`id` = CONVERT(c.`',
    REPLACE(u.COLUMN_NAME, '`', '``'), '` USING ascii) AND CAST(CAST(p.`id` AS CHAR) AS BINARY) = CAST(TRIM(TRAILING '' '' FROM c.`',
    REPLACE(u.COLUMN_NAME, '`', '``'), '`) AS BINARY)) HAVING COUNT(*) > 0))'
)
