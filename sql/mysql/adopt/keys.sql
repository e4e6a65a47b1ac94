-- Returns one statement for each table, which changes its keys and indexes to those of the schema. A key on the same
-- columns is renamed, one that the schema replaces is dropped, and all others stay.
WITH
    expected_key AS (
        SELECT 'User' AS tbl, 'PRIMARY' AS name, 'id' AS cols, 1 AS is_unique
        UNION ALL SELECT 'User', 'User_email_key', 'email', 1
        UNION ALL SELECT 'Account', 'PRIMARY', 'id', 1
        UNION ALL SELECT 'Account', 'Account_provider_providerAccountId_key', 'provider,providerAccountId', 1
        UNION ALL SELECT 'Account', 'Account_userId_idx', 'userId', 0
        UNION ALL SELECT 'Session', 'PRIMARY', 'id', 1
        UNION ALL SELECT 'Session', 'Session_sessionToken_key', 'sessionToken', 1
        UNION ALL SELECT 'Session', 'Session_userId_idx', 'userId', 0
        UNION ALL SELECT 'Session', 'Session_expires_idx', 'expires', 0
        UNION ALL SELECT 'VerificationToken', 'PRIMARY', 'token', 1
        UNION ALL SELECT 'VerificationToken', 'VerificationToken_expires_idx', 'expires', 0
        UNION ALL SELECT 'VerificationToken', 'VerificationToken_identifier_idx', 'identifier', 0
        UNION ALL SELECT 'Authenticator', 'PRIMARY', 'userId,credentialID', 1
        UNION ALL SELECT 'Authenticator', 'Authenticator_credentialID_key', 'credentialID', 1
    ),

    -- By their names in the schema, because a server may store names in lower case.
    actual_table AS (
        SELECT k.tbl, t.TABLE_NAME AS name, t.ENGINE AS engine
        FROM (SELECT DISTINCT tbl FROM expected_key) AS k
        JOIN
            information_schema.TABLES AS t
            ON t.TABLE_SCHEMA = DATABASE()
                AND IF(@@lower_case_table_names = 0, t.TABLE_NAME = BINARY k.tbl, LOWER(t.TABLE_NAME) = LOWER(k.tbl))
    ),

    actual_key AS (
        SELECT
            t.tbl, s.INDEX_NAME AS name, s.NON_UNIQUE = 0 AS is_unique,
            -- The server does not use an invisible index.
            IF(
                /*M! MAX(s.IGNORED) = 'YES' */ /*!80013 MAX(s.IS_VISIBLE) = 'NO' */, 'INVISIBLE', s.INDEX_TYPE
            ) AS kind,
            -- The key on the longest ids is on their hash: an expression in MySQL, a column in MariaDB.
            GROUP_CONCAT(
                CASE
                    WHEN s.INDEX_NAME <> 'Account_provider_providerAccountId_key' THEN COALESCE(s.COLUMN_NAME, '(expression)')
                    WHEN COALESCE(s.COLUMN_NAME, 'providerAccountIdHash') = 'providerAccountIdHash' THEN 'providerAccountId'
                    WHEN s.COLUMN_NAME = 'providerAccountId' THEN '(itself)'
                    ELSE s.COLUMN_NAME
                END
                ORDER BY s.SEQ_IN_INDEX
            ) AS cols,
            MAX(s.SUB_PART) AS prefix
        FROM actual_table AS t
        JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name
        GROUP BY t.tbl, s.INDEX_NAME, s.NON_UNIQUE, s.INDEX_TYPE
    ),

    -- If there are several keys on the same columns, one is renamed.
    renamed AS (
        SELECT e.tbl, e.name AS wanted, MIN(a.name) AS name
        FROM expected_key AS e
        JOIN
            actual_key AS a
            ON a.tbl = e.tbl AND a.cols = e.cols AND a.is_unique = e.is_unique AND a.prefix IS NULL AND a.kind = 'BTREE'
        WHERE e.name NOT IN ('PRIMARY', 'Account_provider_providerAccountId_key')
            AND e.is_unique
            AND a.name <> 'PRIMARY'
            AND NOT EXISTS (SELECT 1 FROM actual_key AS b WHERE b.tbl = e.tbl AND b.name = e.name)
        GROUP BY e.tbl, e.name
    ),

    -- Other objects with one of our names, and additional keys on the same columns as one of ours.
    dropped AS (
        SELECT a.tbl, a.name
        FROM actual_key AS a
        WHERE NOT EXISTS (SELECT 1 FROM renamed AS r WHERE r.tbl = a.tbl AND r.name = a.name)
            AND EXISTS (
                SELECT 1
                FROM expected_key AS e
                WHERE e.tbl = a.tbl
                    AND (
                        (
                            e.name = a.name
                            AND NOT (a.cols = e.cols AND a.is_unique = e.is_unique AND a.prefix IS NULL AND a.kind = 'BTREE')
                        )
                        OR (e.name <> a.name AND a.name <> 'PRIMARY' AND e.is_unique AND a.is_unique AND a.cols = e.cols)
                    )
            )
    ),

    clauses AS (
        -- The column that the key on the longest ids needs, and the index that finds its rows.
        SELECT
            t.tbl,
            'ADD COLUMN `providerAccountIdHash` binary(32) GENERATED ALWAYS AS (unhex(sha2(`providerAccountId`, 256))) STORED INVISIBLE'
            AS clause
        FROM actual_table AS t
        WHERE t.tbl = 'Account'
            AND VERSION() LIKE '%MariaDB%'
            AND NOT EXISTS (
                SELECT 1
                FROM information_schema.COLUMNS AS c
                WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name AND c.COLUMN_NAME = 'providerAccountIdHash'
            )
        UNION ALL
        SELECT
            t.tbl, 'ADD KEY `Account_provider_providerAccountId_idx` (`provider`, `providerAccountId`(191))'
        FROM actual_table AS t
        WHERE t.tbl = 'Account'
            AND NOT EXISTS (
                SELECT 1
                FROM actual_key AS a
                WHERE a.tbl = 'Account' AND a.name = 'Account_provider_providerAccountId_idx'
            )

        UNION ALL
        SELECT tbl, CONCAT('RENAME INDEX `', REPLACE(name, '`', '``'), '` TO `', wanted, '`') AS clause FROM renamed

        UNION ALL
        SELECT tbl, IF(name = 'PRIMARY', 'DROP PRIMARY KEY', CONCAT('DROP INDEX `', REPLACE(name, '`', '``'), '`'))
        FROM dropped

        UNION ALL
        SELECT
            e.tbl,
            CONCAT(
                CASE
                    WHEN e.name = 'PRIMARY' THEN 'ADD PRIMARY KEY'
                    WHEN e.is_unique THEN CONCAT('ADD UNIQUE KEY `', e.name, '`')
                    ELSE CONCAT('ADD KEY `', e.name, '`')
                END,
                IF(
                    e.name <> 'Account_provider_providerAccountId_key', CONCAT(' (`', REPLACE(e.cols, ',', '`, `'), '`)'),
                    IF(
                        VERSION() LIKE '%MariaDB%', ' (`provider`, `providerAccountIdHash`)',
                        ' (`provider`, (unhex(sha2(`providerAccountId`, 256))))'
                    )
                )
            )
        FROM expected_key AS e
        JOIN actual_table AS t ON t.tbl = e.tbl
        WHERE NOT EXISTS (SELECT 1 FROM renamed AS r WHERE r.tbl = e.tbl AND r.wanted = e.name)
            AND NOT EXISTS (
                SELECT 1
                FROM actual_key AS a
                WHERE a.tbl = e.tbl
                    AND a.prefix IS NULL
                    AND NOT EXISTS (SELECT 1 FROM dropped AS d WHERE d.tbl = a.tbl AND d.name = a.name)
                    AND (
                        (a.name = e.name AND a.cols = e.cols AND a.is_unique = e.is_unique)
                        OR (NOT e.is_unique AND a.kind = 'BTREE' AND SUBSTRING_INDEX(a.cols, ',', 1) = e.cols)
                    )
            )
    )

SELECT CONCAT('ALTER TABLE `', tbl, '` ', GROUP_CONCAT(clause SEPARATOR ', '))
FROM clauses
GROUP BY tbl;
