-- The differences from the schema, and the application's own objects that will change, as text for people.
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
    )

SELECT DISTINCT CONCAT('the table ', e.tbl, ' is missing') AS text
FROM expected_column AS e
WHERE NOT EXISTS (SELECT 1 FROM actual_table AS a WHERE a.tbl = e.tbl)

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' is missing')
FROM expected_column AS e
JOIN actual_table AS t ON t.tbl = e.tbl
WHERE NOT EXISTS (SELECT 1 FROM actual_column AS a WHERE a.tbl = e.tbl AND a.col = e.col)

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' is ', a.type, ' instead of ', e.type)
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE a.type <> e.type

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' compares strings by the collation ', a.collation, ' instead of bytewise')
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE (e.texts = 'ascii' AND a.collation <> 'ascii_bin')
    OR (e.texts = 'text' AND a.collation NOT IN ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin'))

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, IF(e.required, ' is nullable, but must be NOT NULL', ' is NOT NULL, but must be nullable'))
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE a.required <> e.required

UNION ALL
SELECT CONCAT(a.tbl, '.id has no default that creates a UUID, but Auth.js inserts rows without an id')
FROM actual_column AS a
WHERE a.tbl IN ('User', 'Account', 'Session')
    AND a.col = 'id'
    AND COALESCE(a.def, '') <> 'uuid()'

UNION ALL
SELECT CONCAT(
    a.tbl, '.', a.col, ' has the default ', a.def,
    IF(
        a.col = 'emailVerified', ', which marks new addresses as verified although no one verified them',
        ', but must have none'
    )
)
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE e.col <> 'id'
    AND a.def IS NOT NULL

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' is set to the current time by every update (', a.extra, '), but must not be')
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE a.extra LIKE '%on update%'

UNION ALL
SELECT CONCAT(e.tbl, '.', e.col, ' is INVISIBLE, and will become visible')
FROM expected_column AS e
JOIN actual_column AS a ON a.tbl = e.tbl AND a.col = e.col
WHERE a.extra LIKE '%INVISIBLE%'

UNION ALL
SELECT CONCAT(
    e.tbl, ' allows several rows with the same ', REPLACE(e.cols, ',', ' and '), ', because it has no unique key ', e.name
)
FROM expected_key AS e
JOIN actual_table AS t ON t.tbl = e.tbl
WHERE e.is_unique
    AND NOT EXISTS (
        SELECT 1
        FROM actual_key AS a
        WHERE a.tbl = e.tbl
            AND a.name = e.name
            AND a.is_unique
            AND a.cols = e.cols
            AND a.prefix IS NULL
            AND a.kind = 'BTREE'
    )

UNION ALL
SELECT CONCAT('the key ', a.name, ' of ', a.tbl, ' will be replaced by the key of the schema')
FROM actual_key AS a
WHERE EXISTS (
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

UNION ALL
SELECT CONCAT('the index ', a.name, ' of ', a.tbl, ' will cover only the first characters of ', e.col)
FROM actual_key AS a
JOIN
    expected_column AS e
    ON e.tbl = a.tbl AND e.type IN ('mediumtext', 'varchar(1364)') AND e.texts = 'text' AND FIND_IN_SET(e.col, a.cols)
JOIN
    information_schema.STATISTICS AS s
    ON s.TABLE_SCHEMA = DATABASE() AND s.INDEX_NAME = a.name AND s.COLUMN_NAME = e.col
JOIN actual_table AS t ON t.tbl = a.tbl AND BINARY t.name = s.TABLE_NAME
WHERE s.SUB_PART IS NULL
    AND NOT a.is_unique
    AND a.kind = 'BTREE'

UNION ALL
SELECT CONCAT(e.tbl, '.', REPLACE(e.cols, ',', ' and '), ' has no index')
FROM expected_key AS e
JOIN actual_table AS t ON t.tbl = e.tbl
WHERE NOT e.is_unique
    AND NOT EXISTS (
        SELECT 1
        FROM actual_key AS a
        WHERE a.tbl = e.tbl AND a.prefix IS NULL AND a.kind = 'BTREE' AND SUBSTRING_INDEX(a.cols, ',', 1) = e.cols
    )

UNION ALL
SELECT CONCAT(t.tbl, '.userId does not refer to User.id with ON DELETE CASCADE, by the key ', t.tbl, '_userId_fkey')
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
            AND k.TABLE_NAME = BINARY t.name
            AND LOWER(k.CONSTRAINT_NAME) = LOWER(CONCAT(t.tbl, '_userId_fkey'))
            AND LOWER(k.REFERENCED_TABLE_NAME) = 'user'
            AND k.DELETE_RULE = 'CASCADE'
            AND u.COLUMN_NAME = 'userId'
            AND u.REFERENCED_COLUMN_NAME = 'id'
    )

UNION ALL
SELECT CONCAT('the foreign key ', u.CONSTRAINT_NAME, ' of ', t.tbl, ' will be replaced by the foreign key of the schema')
FROM actual_table AS t
JOIN information_schema.KEY_COLUMN_USAGE AS u ON u.TABLE_SCHEMA = DATABASE() AND u.TABLE_NAME = BINARY t.name
WHERE t.tbl IN ('Account', 'Session', 'Authenticator')
    AND u.COLUMN_NAME = 'userId'
    AND LOWER(u.REFERENCED_TABLE_NAME) = 'user'
    AND u.REFERENCED_COLUMN_NAME = 'id'
    AND LOWER(u.CONSTRAINT_NAME) <> LOWER(CONCAT(t.tbl, '_userId_fkey'))

UNION ALL
SELECT CONCAT(t.tbl, ' uses the engine ', t.engine, ' instead of InnoDB')
FROM actual_table AS t
WHERE t.engine <> 'InnoDB'

UNION ALL
SELECT CONCAT(t.tbl, ' has the row format ', t.row_format, ' instead of Dynamic, and its keys would not fit')
FROM actual_table AS t
WHERE t.engine = 'InnoDB' AND t.row_format IN ('Compact', 'Redundant')

UNION ALL
SELECT CONCAT('the trigger ', g.TRIGGER_NAME, ' of ', t.tbl, ' will run for each row that gets an id')
FROM actual_table AS t
JOIN information_schema.TRIGGERS AS g ON g.EVENT_OBJECT_SCHEMA = DATABASE() AND g.EVENT_OBJECT_TABLE = t.name
WHERE t.tbl IN ('Account', 'Session')
    AND g.EVENT_MANIPULATION = 'UPDATE'
    AND NOT EXISTS (SELECT 1 FROM actual_column AS a WHERE a.tbl = t.tbl AND a.col = 'id' AND a.required);
