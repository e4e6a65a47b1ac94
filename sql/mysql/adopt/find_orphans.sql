-- One statement for each foreign key that was added: it records how many rows were written before and refer to nothing.
SELECT CONCAT(
    'SET @authstore_own_rows = CONCAT_WS(\'\\n\', @authstore_own_rows, (SELECT CONCAT(COUNT(*), ', QUOTE(CONCAT(
        ' rows of ', k.TABLE_NAME, ' refer to a ', u.REFERENCED_TABLE_NAME,
        '.id that does not exist: they were written while the foreign key ', k.CONSTRAINT_NAME,
        ' was missing; change or delete them'
    )),
    ') FROM `', REPLACE(k.TABLE_NAME, '`', '``'), '` AS c LEFT JOIN `', u.REFERENCED_TABLE_NAME, '` AS p ON p.`id` = c.`',
    REPLACE(u.COLUMN_NAME, '`', '``'), '` WHERE c.`', REPLACE(u.COLUMN_NAME, '`', '``'),
    '` IS NOT NULL AND p.`id` IS NULL HAVING COUNT(*) > 0))'
)
FROM information_schema.REFERENTIAL_CONSTRAINTS AS k
JOIN
    information_schema.KEY_COLUMN_USAGE AS u
    ON u.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
        AND u.TABLE_NAME = k.TABLE_NAME
        AND u.CONSTRAINT_NAME = k.CONSTRAINT_NAME
WHERE k.CONSTRAINT_SCHEMA = DATABASE()
    AND (
        LOWER(k.CONSTRAINT_NAME) IN ('account_userid_fkey', 'session_userid_fkey', 'authenticator_userid_fkey')
        OR EXISTS (
            SELECT 1
            FROM `authstore_adoption` AS a
            WHERE CONVERT(CONCAT(k.TABLE_NAME, '.', k.CONSTRAINT_NAME) USING utf8mb4) COLLATE utf8mb4_bin = a.`name`
        )
    );
