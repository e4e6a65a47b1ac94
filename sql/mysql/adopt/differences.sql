-- What of the schema is not as it should be, in words.
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

    expected_key AS (
        SELECT 'User' AS tbl, 'PRIMARY' AS name, 'id' AS cols
        UNION ALL SELECT 'User', 'User_email_key', 'email'
        UNION ALL SELECT 'Account', 'PRIMARY', 'id'
        UNION ALL SELECT 'Account', 'Account_provider_providerAccountId_key', 'provider,providerAccountId'
        UNION ALL SELECT 'Session', 'PRIMARY', 'id'
        UNION ALL SELECT 'Session', 'Session_sessionToken_key', 'sessionToken'
        UNION ALL SELECT 'VerificationToken', 'PRIMARY', 'token'
        UNION ALL SELECT 'Authenticator', 'PRIMARY', 'userId,credentialID'
        UNION ALL SELECT 'Authenticator', 'Authenticator_credentialID_key', 'credentialID'
    ),

    expected_index AS (
        SELECT 'Account' AS tbl, 'userId' AS col
        UNION ALL SELECT 'Session', 'userId'
        UNION ALL SELECT 'Session', 'expires'
        UNION ALL SELECT 'VerificationToken', 'expires'
        UNION ALL SELECT 'VerificationToken', 'identifier'
    ),

    actual_table AS (
        SELECT TABLE_NAME AS tbl, ENGINE AS engine
        FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = DATABASE()
            AND TABLE_NAME IN ('User', 'Account', 'Session', 'VerificationToken', 'Authenticator')
    ),

    -- MariaDB writes the width of an integer, and NULL as a default.
    actual_column AS (
        SELECT
            TABLE_NAME AS tbl, COLUMN_NAME AS col, REPLACE(COLUMN_TYPE, 'bigint(20)', 'bigint') AS type,
            IS_NULLABLE = 'NO' AS required, COLLATION_NAME AS collation, NULLIF(COLUMN_DEFAULT, 'NULL') AS def
        FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = DATABASE()
            AND TABLE_NAME IN ('User', 'Account', 'Session', 'VerificationToken', 'Authenticator')
    ),

    -- The key of the longest ids holds their hash: MySQL's is of an expression, MariaDB's of a column.
    actual_key AS (
        SELECT
            TABLE_NAME AS tbl, INDEX_NAME AS name, NON_UNIQUE = 0 AS is_unique,
            GROUP_CONCAT(
                CASE
                    WHEN INDEX_NAME <> 'Account_provider_providerAccountId_key' THEN COLUMN_NAME
                    WHEN COALESCE(COLUMN_NAME, 'providerAccountIdHash') = 'providerAccountIdHash' THEN 'providerAccountId'
                    ELSE COLUMN_NAME
                END
                ORDER BY SEQ_IN_INDEX
            ) AS cols, MAX(SUB_PART) AS prefix
        FROM information_schema.STATISTICS
        WHERE TABLE_SCHEMA = DATABASE()
            AND TABLE_NAME IN ('User', 'Account', 'Session', 'VerificationToken', 'Authenticator')
        GROUP BY TABLE_NAME, INDEX_NAME, NON_UNIQUE
    )

SELECT DISTINCT CONCAT('the table ', e.tbl, ' is not there') AS text
FROM expected_column AS e
WHERE NOT EXISTS (SELECT 1 FROM actual_table AS a WHERE a.tbl = e.tbl)

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' is not there')
FROM expected_column AS e
JOIN actual_table AS t ON t.tbl = e.tbl
WHERE NOT EXISTS (SELECT 1 FROM actual_column AS a WHERE a.tbl = e.tbl AND a.col = e.col)

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' is ', a.type, ', and should be ', e.type)
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE a.type <> e.type

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' compares texts in the collation ', a.collation, ', and should by their bytes')
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE (e.texts = 'ascii' AND a.collation <> 'ascii_bin')
    OR (e.texts = 'text' AND a.collation NOT IN ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin'))

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, IF(e.required, ' may be NULL, and should not', ' may not be NULL, and should'))
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE a.required <> e.required

UNION ALL
SELECT CONCAT(a.tbl, '.id has no default that makes a UUID, and Auth.js inserts rows without an id')
FROM actual_column AS a
WHERE a.tbl IN ('User', 'Account', 'Session')
    AND a.col = 'id'
    AND COALESCE(a.def, '') <> 'uuid()'

UNION ALL
SELECT CONCAT(
    a.tbl, '.', a.col, ' has the default ', a.def,
    IF(
        a.col = 'emailVerified', ', by which an address counts as verified that nobody has verified',
        ', and should have none'
    )
)
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE e.col <> 'id'
    AND a.def IS NOT NULL

UNION ALL
SELECT CONCAT(
    e.tbl, ' may have several rows of the same ', REPLACE(e.cols, ',', ' and '), ', as it has no unique key ', e.name
)
FROM expected_key AS e
JOIN actual_table AS t ON t.tbl = e.tbl
WHERE NOT EXISTS (
    SELECT 1
    FROM actual_key AS a
    WHERE a.tbl = e.tbl AND a.name = e.name AND a.is_unique AND a.cols = e.cols AND a.prefix IS NULL
)

UNION ALL
SELECT CONCAT(a.tbl, ' may not have several rows of the same ', REPLACE(a.cols, ',', ' and '), ', by the key ', a.name)
FROM actual_key AS a
WHERE a.is_unique
    AND NOT EXISTS (SELECT 1 FROM expected_key AS e WHERE e.tbl = a.tbl AND e.name = a.name)

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' has no index')
FROM expected_index AS e
JOIN actual_table AS t ON t.tbl = e.tbl
WHERE NOT EXISTS (
    SELECT 1
    FROM actual_key AS a
    WHERE a.tbl = e.tbl AND a.prefix IS NULL AND SUBSTRING_INDEX(a.cols, ',', 1) = e.col
)

UNION ALL
SELECT CONCAT(t.tbl, '.userId does not refer to User.id with ON DELETE CASCADE')
FROM actual_table AS t
WHERE t.tbl IN ('Account', 'Session', 'Authenticator')
    AND NOT EXISTS (
        SELECT 1
        FROM information_schema.REFERENTIAL_CONSTRAINTS AS k
        JOIN
            information_schema.KEY_COLUMN_USAGE AS u
            ON u.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
                AND u.TABLE_NAME = k.TABLE_NAME
                AND u.CONSTRAINT_NAME = k.CONSTRAINT_NAME
        WHERE k.CONSTRAINT_SCHEMA = DATABASE()
            AND k.TABLE_NAME = t.tbl
            AND k.REFERENCED_TABLE_NAME = 'User'
            AND k.DELETE_RULE = 'CASCADE'
            AND u.COLUMN_NAME = 'userId'
            AND u.REFERENCED_COLUMN_NAME = 'id'
    )

UNION ALL
SELECT CONCAT(t.tbl, ' is kept by the engine ', t.engine, ', and should be by InnoDB')
FROM actual_table AS t
WHERE t.engine <> 'InnoDB'

UNION ALL
SELECT CONCAT('an adoption was cut off: rows are left in ', TABLE_NAME)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
    AND TABLE_NAME IN (
        'authstore_adopted_User', 'authstore_adopted_Account', 'authstore_adopted_Session',
        'authstore_adopted_VerificationToken', 'authstore_adopted_Authenticator'
    );
