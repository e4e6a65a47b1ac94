-- Returns two statements for each table, which change its columns to those of the schema. They keep comments and, on
-- MariaDB, where MODIFY drops it, a CHECK. An index on a string that becomes too long for an index will cover its first
-- 255 characters. There are two because under statement-based replication MySQL adds no column in a statement that also
-- sets uuid() as a default.
--
-- Each server runs its own executable comments: /*M! MariaDB, /*!80013 MySQL.
WITH
    expected_column AS (
        SELECT 'User' AS tbl, 'id' AS col, 'char(36)' AS type, 1 AS required, 'ascii' AS texts
        UNION ALL SELECT 'User', 'name', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'User', 'email', 'varchar(255)', 0, 'text'
        UNION ALL SELECT 'User', 'emailVerified', 'datetime(3)', 0, NULL
        UNION ALL SELECT 'User', 'image', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Account', 'id', 'char(36)', 1, 'ascii'
        UNION ALL SELECT 'Account', 'userId', 'char(36)', 1, 'ascii'
        UNION ALL SELECT 'Account', 'type', 'varchar(255)', 1, 'text'
        UNION ALL SELECT 'Account', 'provider', 'varchar(255)', 1, 'text'
        UNION ALL SELECT 'Account', 'providerAccountId', 'varchar(1364)', 1, 'text'
        UNION ALL SELECT 'Account', 'refresh_token', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Account', 'access_token', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Account', 'expires_at', 'bigint', 0, NULL
        UNION ALL SELECT 'Account', 'token_type', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Account', 'scope', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Account', 'id_token', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Account', 'session_state', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Account', 'oauth_token_secret', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Account', 'oauth_token', 'mediumtext', 0, 'text'
        UNION ALL SELECT 'Session', 'id', 'char(36)', 1, 'ascii'
        UNION ALL SELECT 'Session', 'userId', 'char(36)', 1, 'ascii'
        UNION ALL SELECT 'Session', 'sessionToken', 'varchar(255)', 1, 'text'
        UNION ALL SELECT 'Session', 'expires', 'datetime(3)', 1, NULL
        UNION ALL SELECT 'VerificationToken', 'identifier', 'varchar(255)', 1, 'text'
        UNION ALL SELECT 'VerificationToken', 'token', 'varchar(255)', 1, 'text'
        UNION ALL SELECT 'VerificationToken', 'expires', 'datetime(3)', 1, NULL
        UNION ALL SELECT 'Authenticator', 'credentialID', 'varchar(1364)', 1, 'ascii'
        UNION ALL SELECT 'Authenticator', 'userId', 'char(36)', 1, 'ascii'
        UNION ALL SELECT 'Authenticator', 'providerAccountId', 'varchar(1364)', 1, 'text'
        UNION ALL SELECT 'Authenticator', 'credentialPublicKey', 'mediumtext', 1, 'text'
        UNION ALL SELECT 'Authenticator', 'counter', 'bigint', 1, NULL
        UNION ALL SELECT 'Authenticator', 'credentialDeviceType', 'mediumtext', 1, 'text'
        UNION ALL SELECT 'Authenticator', 'credentialBackedUp', 'tinyint(1)', 1, NULL
        UNION ALL SELECT 'Authenticator', 'transports', 'mediumtext', 0, 'text'
    ),

    -- By their names in the schema, because a server may store names in lower case.
    actual_table AS (
        SELECT k.tbl, t.TABLE_NAME AS name, t.ENGINE AS engine, t.ROW_FORMAT AS row_format
        FROM (SELECT DISTINCT tbl FROM expected_column) AS k
        JOIN
            information_schema.TABLES AS t
            ON t.TABLE_SCHEMA = DATABASE()
                AND IF(@@lower_case_table_names = 0, t.TABLE_NAME = BINARY k.tbl, LOWER(t.TABLE_NAME) = LOWER(k.tbl))
    ),

    -- MariaDB shows the width of an integer, and NULL as a default.
    actual_column AS (
        SELECT
            t.tbl, c.COLUMN_NAME AS col, REPLACE(c.COLUMN_TYPE, 'bigint(20)', 'bigint') AS type,
            c.IS_NULLABLE = 'NO' AS required, c.COLLATION_NAME AS collation, NULLIF(c.COLUMN_DEFAULT, 'NULL') AS def,
            c.EXTRA AS extra, c.COLUMN_COMMENT AS comment
        FROM actual_table AS t
        JOIN information_schema.COLUMNS AS c ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name
    ),

    altered AS (
        SELECT
            e.tbl, e.col, a.col IS NULL AS is_new,
            CONCAT(
                IF(a.col IS NULL, 'ADD COLUMN `', 'MODIFY `'), e.col, '` ', e.type,
                CASE e.texts
                    WHEN 'ascii' THEN ' CHARACTER SET ascii COLLATE ascii_bin'
                    WHEN 'text' THEN
                        IF(
                            VERSION() LIKE '%MariaDB%', ' CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin',
                            ' CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin'
                        )
                    ELSE ''
                END,
                IF(e.required, ' NOT NULL', ' NULL'),
                IF(e.col = 'id', ' DEFAULT (uuid())', ''),
                IF(COALESCE(a.comment, '') = '', '', CONCAT(' COMMENT ', QUOTE(a.comment)))
                /*M!
                , COALESCE(
                    (
                        SELECT CONCAT(' CHECK (', k.CHECK_CLAUSE, ')')
                        FROM information_schema.CHECK_CONSTRAINTS AS k
                        WHERE k.CONSTRAINT_SCHEMA = DATABASE()
                            AND k.TABLE_NAME = BINARY t.name
                            AND k.CONSTRAINT_NAME = e.col
                            AND k.LEVEL = 'Column'
                    ), ''
                )
                */
            ) AS clause
        FROM expected_column AS e
        JOIN actual_table AS t ON t.tbl = e.tbl
        LEFT JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
        WHERE a.col IS NULL
            OR (
                a.type <> e.type
                OR a.required <> e.required
                OR (e.texts = 'ascii' AND a.collation <> 'ascii_bin')
                OR (e.texts = 'text' AND a.collation NOT IN ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin'))
                OR (e.col = 'id' AND COALESCE(a.def, '') <> 'uuid()')
                OR (e.col <> 'id' AND a.def IS NOT NULL)
                OR a.extra LIKE '%on update%'
                OR a.extra LIKE '%INVISIBLE%'
            )
    ),

    shortened AS (
        SELECT
            t.tbl,
            IF(
                s.INDEX_NAME = 'PRIMARY', 'DROP PRIMARY KEY', CONCAT('DROP INDEX `', REPLACE(s.INDEX_NAME, '`', '``'), '`')
            ) AS drops,
            MAX(s.NON_UNIQUE) = 0 AS is_unique,
            CONCAT(
                'ADD INDEX `', REPLACE(s.INDEX_NAME, '`', '``'),
                '` (',
                GROUP_CONCAT(
                    '`', REPLACE(s.COLUMN_NAME, '`', '``'), '`',
                    IF(
                        s.SUB_PART IS NOT NULL, CONCAT('(', s.SUB_PART, ')'), CASE e.type WHEN 'mediumtext' THEN '(255)' WHEN 'varchar(1364)' THEN '(191)' ELSE '' END
                    ),
                    IF(s.COLLATION = 'D', ' DESC', '')
                    ORDER BY s.SEQ_IN_INDEX
                ),
                ')', IF(MAX(s.INDEX_COMMENT) = '', '', CONCAT(' COMMENT ', QUOTE(MAX(s.INDEX_COMMENT))))
                /*M! , IF(MAX(s.IGNORED) = 'YES', ' IGNORED', '') */
                /*!80013 , IF(MIN(s.IS_VISIBLE) = 'NO', ' INVISIBLE', '') */
            ) AS clause
        FROM actual_table AS t
        JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name
        LEFT JOIN expected_column AS e ON e.tbl = t.tbl AND e.col = s.COLUMN_NAME
        WHERE s.INDEX_TYPE = 'BTREE'
        GROUP BY t.tbl, s.INDEX_NAME
        HAVING MAX((e.type = 'mediumtext' OR (e.type = 'varchar(1364)' AND e.texts = 'text')) AND s.SUB_PART IS NULL)
    ),

    clauses AS (
        SELECT tbl, is_new, clause FROM altered
        UNION ALL SELECT tbl, 0, drops FROM shortened
        -- A key on ids that become longer is replaced by the schema's key, which is on their hash.
        UNION ALL SELECT tbl, 0, clause FROM shortened WHERE NOT is_unique
        UNION ALL
        SELECT tbl, 0, 'ENGINE = InnoDB, ROW_FORMAT = DYNAMIC'
        FROM actual_table
        WHERE engine <> 'InnoDB' OR row_format IN ('Compact', 'Redundant')
    )

SELECT CONCAT('ALTER TABLE `', tbl, '` ', GROUP_CONCAT(clause SEPARATOR ', '))
FROM clauses
GROUP BY tbl, is_new
-- Tables that others refer to come first.
ORDER BY tbl <> 'User', is_new DESC;
