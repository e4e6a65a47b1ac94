-- MariaDB cannot change a column that a foreign key uses, so foreign keys on ids are dropped first: the application's
-- own, which authstore_adoption keeps and whose columns get the type of the id in the same statement (MODIFY drops a
-- CHECK there), and those from userId that differ from the schema.
WITH
    used AS (
        SELECT
            k.TABLE_NAME AS tbl, k.CONSTRAINT_NAME AS name, k.DELETE_RULE AS on_delete, u.COLUMN_NAME AS col,
            u.REFERENCED_TABLE_NAME AS parent, u.REFERENCED_COLUMN_NAME AS parent_col,
            CONCAT(
                'ALTER TABLE `', REPLACE(k.TABLE_NAME, '`', '``'), '` DROP FOREIGN KEY `',
                REPLACE(k.CONSTRAINT_NAME, '`', '``'), '`'
            ) AS statement,
            IF(
                @@lower_case_table_names = 0,
                k.TABLE_NAME IN (BINARY 'Account', BINARY 'Session', BINARY 'Authenticator'),
                LOWER(k.TABLE_NAME) IN ('account', 'session', 'authenticator')
            )
            AND u.COLUMN_NAME = 'userId'
            AND LOWER(u.REFERENCED_TABLE_NAME) = 'user' AS is_ours
        FROM information_schema.REFERENTIAL_CONSTRAINTS AS k
        JOIN
            information_schema.KEY_COLUMN_USAGE AS u
            ON u.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
                AND u.TABLE_NAME = k.TABLE_NAME
                AND u.CONSTRAINT_NAME = k.CONSTRAINT_NAME
        WHERE k.CONSTRAINT_SCHEMA = DATABASE()
            AND u.REFERENCED_TABLE_SCHEMA = DATABASE()
            AND IF(
                @@lower_case_table_names = 0,
                u.REFERENCED_TABLE_NAME IN (BINARY 'User', BINARY 'Account', BINARY 'Session'),
                LOWER(u.REFERENCED_TABLE_NAME) IN ('user', 'account', 'session')
            )
            AND u.REFERENCED_COLUMN_NAME = 'id'
    ),

    cols AS (
        SELECT
            TABLE_NAME AS tbl, COLUMN_NAME AS col, IS_NULLABLE AS nullable, COLUMN_COMMENT AS comment,
            /*M!
            COALESCE(
                (
                    SELECT CONCAT(' CHECK (', k.CHECK_CLAUSE, ')')
                    FROM information_schema.CHECK_CONSTRAINTS AS k
                    WHERE k.CONSTRAINT_SCHEMA = COLUMNS.TABLE_SCHEMA
                        AND k.TABLE_NAME = COLUMNS.TABLE_NAME
                        AND k.CONSTRAINT_NAME = COLUMNS.COLUMN_NAME
                        AND k.LEVEL = 'Column'
                ), ''
            )
            */
            /*!80013 '' */ AS check_clause,
            COLUMN_TYPE = 'char(36)' AND COALESCE(COLLATION_NAME, '') = 'ascii_bin' AS is_ours
        FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = DATABASE()
    )

SELECT u.statement
FROM used AS u
JOIN cols AS p ON p.tbl = BINARY u.parent AND p.col = u.parent_col
JOIN cols AS c ON c.tbl = BINARY u.tbl AND c.col = u.col
WHERE u.is_ours
    AND (
        NOT p.is_ours
        OR NOT c.is_ours
        OR c.nullable = 'YES'
        OR u.on_delete <> 'CASCADE'
        OR LOWER(u.name) <> LOWER(CONCAT(u.tbl, '_userId_fkey'))
    )
UNION ALL
SELECT
    CONCAT(
        u.statement, ', MODIFY `', REPLACE(u.col, '`', '``'), '` char(36) CHARACTER SET ascii COLLATE ascii_bin',
        IF(c.nullable = 'YES', ' NULL', ' NOT NULL'),
        IF(c.comment = '', '', CONCAT(' COMMENT ', QUOTE(c.comment))), c.check_clause
    )
FROM used AS u
JOIN cols AS p ON p.tbl = BINARY u.parent AND p.col = u.parent_col
JOIN cols AS c ON c.tbl = BINARY u.tbl AND c.col = u.col
WHERE NOT u.is_ours
    AND NOT p.is_ours;
