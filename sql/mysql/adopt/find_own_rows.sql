-- One statement for each foreign key of the application's own that is dropped and added again: it records how many rows
-- the foreign key would reject. They were written while it was not enforced, or spell the id differently in a collation
-- that ignores the difference.
SELECT CONCAT(
    'SET @authstore_own_rows = CONCAT_WS(\'\\n\', @authstore_own_rows, (SELECT CONCAT(', QUOTE(CONCAT('the foreign key ', k.CONSTRAINT_NAME, ' of ', k.TABLE_NAME, ' cannot be added again: ')),
    ', COUNT(*), ', QUOTE(CONCAT(
        ' rows refer to a ', u.REFERENCED_TABLE_NAME, '.id that does not exist or is spelled differently; change or delete them'
    )),
    ') FROM `', REPLACE(k.TABLE_NAME, '`', '``'), '` AS c WHERE c.`', REPLACE(u.COLUMN_NAME, '`', '``'),
    '` IS NOT NULL AND NOT EXISTS (SELECT 1 FROM `', u.REFERENCED_TABLE_NAME, '` AS p WHERE p.`id` = c.`',
    REPLACE(u.COLUMN_NAME, '`', '``'), '` AND CAST(CAST(p.`id` AS CHAR) AS BINARY) = CAST(TRIM(TRAILING '' '' FROM c.`',
    REPLACE(u.COLUMN_NAME, '`', '``'), '`) AS BINARY)) HAVING COUNT(*) > 0))'
)
FROM information_schema.REFERENTIAL_CONSTRAINTS AS k
JOIN
    information_schema.KEY_COLUMN_USAGE AS u
    ON u.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
        AND u.TABLE_NAME = k.TABLE_NAME
        AND u.CONSTRAINT_NAME = k.CONSTRAINT_NAME
JOIN
    information_schema.COLUMNS AS p
    ON p.TABLE_SCHEMA = DATABASE() AND p.TABLE_NAME = BINARY u.REFERENCED_TABLE_NAME AND p.COLUMN_NAME = 'id'
WHERE k.CONSTRAINT_SCHEMA = DATABASE()
    AND u.REFERENCED_TABLE_SCHEMA = DATABASE()
    AND u.REFERENCED_COLUMN_NAME = 'id'
    AND IF(
        @@lower_case_table_names = 0,
        u.REFERENCED_TABLE_NAME IN (BINARY 'User', BINARY 'Account', BINARY 'Session'),
        LOWER(u.REFERENCED_TABLE_NAME) IN ('user', 'account', 'session')
    )
    -- Those are the schema's.
    AND NOT (
        IF(
            @@lower_case_table_names = 0,
            k.TABLE_NAME IN (BINARY 'Account', BINARY 'Session', BINARY 'Authenticator'),
            LOWER(k.TABLE_NAME) IN ('account', 'session', 'authenticator')
        )
        AND u.COLUMN_NAME = 'userId'
        AND LOWER(u.REFERENCED_TABLE_NAME) = 'user'
    )
    AND (p.COLUMN_TYPE <> 'char(36)' OR COALESCE(p.COLLATION_NAME, '') <> 'ascii_bin');
