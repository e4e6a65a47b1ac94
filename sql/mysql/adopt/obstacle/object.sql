-- Objects that cannot stay unchanged, so the operator has to decide about them.
WITH
    known AS (
        SELECT 'User' AS tbl, 'id,name,email,emailVerified,image' AS cols
        UNION ALL SELECT 'Account', 'id,userId,type,provider,providerAccountId,refresh_token,access_token,expires_at,token_type,scope,id_token,session_state,oauth_token_secret,oauth_token,providerAccountIdHash'
        UNION ALL SELECT 'Session', 'id,userId,sessionToken,expires'
        UNION ALL SELECT 'VerificationToken', 'identifier,token,expires'
        UNION ALL SELECT 'Authenticator', 'credentialID,userId,providerAccountId,credentialPublicKey,counter,credentialDeviceType,credentialBackedUp,transports'
    ),

    actual_table AS (
        SELECT k.tbl, k.cols, t.TABLE_NAME AS name, t.TABLE_TYPE AS kind, t.CREATE_OPTIONS AS options
        FROM known AS k
        JOIN
            information_schema.TABLES AS t
            ON t.TABLE_SCHEMA = DATABASE()
                AND IF(@@lower_case_table_names = 0, t.TABLE_NAME = BINARY k.tbl, LOWER(t.TABLE_NAME) = LOWER(k.tbl))
    ),

    cols AS (
        SELECT
            t.tbl, c.COLUMN_NAME AS col, FIND_IN_SET(c.COLUMN_NAME, t.cols) > 0 AS is_known,
            c.IS_NULLABLE = 'YES' AS is_nullable, NULLIF(c.COLUMN_DEFAULT, 'NULL') IS NOT NULL AS has_default,
            c.EXTRA AS extra, COALESCE(c.GENERATION_EXPRESSION, '') <> '' AS is_generated,
            COALESCE(c.GENERATION_EXPRESSION, '') AS expression
        FROM actual_table AS t
        JOIN information_schema.COLUMNS AS c ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name
    ),

    unique_keys AS (
        SELECT
            t.tbl, s.INDEX_NAME AS name, GROUP_CONCAT(s.COLUMN_NAME ORDER BY s.SEQ_IN_INDEX) AS cols,
            MAX(s.COLUMN_NAME IS NULL OR s.SUB_PART IS NOT NULL) AS is_partial,
            MAX(
                EXISTS (
                    SELECT 1
                    FROM cols AS c
                    WHERE c.tbl = t.tbl
                        AND c.col = s.COLUMN_NAME
                        AND NOT c.is_known
                        AND ((c.is_nullable AND NOT c.has_default) OR c.extra LIKE '%auto_increment%')
                        -- Its values are those of the schema's columns in another form.
                        AND NOT EXISTS (
                            SELECT 1
                            FROM cols AS k
                            WHERE k.tbl = c.tbl AND k.is_known AND LOCATE(CONCAT('`', k.col, '`'), c.expression) > 0
                        )
                )
            )
            -- It rejects nothing that a key of the schema on some of its columns allows.
            OR MAX(
                s.SUB_PART IS NULL
                AND CONCAT(t.tbl, '.', COALESCE(s.COLUMN_NAME, '')) IN (
                    'User.id', 'User.email', 'Account.id', 'Session.id', 'Session.sessionToken', 'VerificationToken.token',
                    'Authenticator.credentialID'
                )
            )
            OR SUM(
                s.SUB_PART IS NULL
                AND CONCAT(t.tbl, '.', COALESCE(s.COLUMN_NAME, '')) IN ('Account.provider', 'Account.providerAccountId')
            ) = 2 AS is_harmless
        FROM actual_table AS t
        JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name
        WHERE s.NON_UNIQUE = 0
        GROUP BY t.tbl, s.INDEX_NAME
    ),

    references_to AS (
        SELECT
            k.TABLE_NAME AS tbl, k.CONSTRAINT_NAME AS name, k.CONSTRAINT_SCHEMA AS db, p.tbl AS parent,
            u.REFERENCED_COLUMN_NAME AS parent_col, u.COLUMN_NAME AS col,
            NULLIF(c.COLUMN_DEFAULT, 'NULL') IS NOT NULL OR c.EXTRA <> '' AS has_more,
            -- Then nothing changes.
            EXISTS (
                SELECT 1
                FROM information_schema.COLUMNS AS i
                WHERE i.TABLE_SCHEMA = DATABASE()
                    AND i.TABLE_NAME = BINARY p.name
                    AND i.COLUMN_NAME = 'id'
                    AND i.COLUMN_TYPE = 'char(36)'
                    AND i.COLLATION_NAME = 'ascii_bin'
            ) AS has_final_parent,
            EXISTS (
                SELECT 1
                FROM information_schema.TABLES AS o
                WHERE o.TABLE_SCHEMA = k.CONSTRAINT_SCHEMA
                    AND o.TABLE_NAME = BINARY k.TABLE_NAME
                    AND o.TABLE_TYPE = 'SYSTEM VERSIONED'
            ) AS is_versioned,
            EXISTS (SELECT 1 FROM actual_table AS o WHERE o.name = BINARY k.TABLE_NAME AND o.tbl IN ('Account', 'Session', 'Authenticator'))
            AND k.CONSTRAINT_SCHEMA = DATABASE() AND p.tbl = 'User' AND u.COLUMN_NAME = 'userId' AS is_ours,
            (
                SELECT COUNT(*)
                FROM information_schema.KEY_COLUMN_USAGE AS n
                WHERE n.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
                    AND n.TABLE_NAME = k.TABLE_NAME
                    AND n.CONSTRAINT_NAME = k.CONSTRAINT_NAME
            ) AS width,
            (
                SELECT COUNT(*)
                FROM information_schema.KEY_COLUMN_USAGE AS n
                WHERE n.TABLE_SCHEMA = u.TABLE_SCHEMA
                    AND n.REFERENCED_TABLE_NAME IS NOT NULL
                    AND (
                        (n.TABLE_NAME = BINARY u.TABLE_NAME AND n.COLUMN_NAME = u.COLUMN_NAME)
                        OR (n.REFERENCED_TABLE_NAME = BINARY u.TABLE_NAME AND n.REFERENCED_COLUMN_NAME = u.COLUMN_NAME)
                    )
            ) AS uses
        FROM actual_table AS p
        JOIN
            information_schema.KEY_COLUMN_USAGE AS u
            ON u.REFERENCED_TABLE_SCHEMA = DATABASE() AND u.REFERENCED_TABLE_NAME = BINARY p.name
        JOIN
            information_schema.REFERENTIAL_CONSTRAINTS AS k
            ON k.CONSTRAINT_SCHEMA = u.CONSTRAINT_SCHEMA
                AND k.TABLE_NAME = u.TABLE_NAME
                AND k.CONSTRAINT_NAME = u.CONSTRAINT_NAME
        LEFT JOIN
            information_schema.COLUMNS AS c
            ON c.TABLE_SCHEMA = u.TABLE_SCHEMA AND c.TABLE_NAME = BINARY u.TABLE_NAME AND c.COLUMN_NAME = u.COLUMN_NAME
    )

SELECT CONCAT(tbl, ' is a ', LOWER(kind), '; adopt needs an ordinary table')
FROM actual_table
WHERE kind <> 'BASE TABLE'

UNION ALL
SELECT CONCAT(tbl, ' is partitioned, and no foreign key can refer to it; remove the partitioning first')
FROM actual_table
WHERE options LIKE '%partitioned%'

UNION ALL
SELECT CONCAT(
    tbl, ' is compressed to blocks that are too small for its keys; run ALTER TABLE `', name,
    '` ROW_FORMAT = DYNAMIC KEY_BLOCK_SIZE = 0 first'
)
FROM actual_table
WHERE CONCAT(LOWER(options), ' ') REGEXP 'key_block_size=[124] '

UNION ALL
SELECT CONCAT(tbl, '.', col, ' is a generated column; make it an ordinary one first')
FROM cols
WHERE is_known AND is_generated AND col <> 'providerAccountIdHash'

-- Names of columns ignore case, so the schema's id cannot be added beside it.
UNION ALL
SELECT CONCAT(c.tbl, '.', c.col, ' is spelled id in the schema; run ALTER TABLE `', t.name, '` RENAME COLUMN `', c.col, '` TO `id` first')
FROM cols AS c
JOIN actual_table AS t ON t.tbl = c.tbl
WHERE LOWER(c.col) = 'id' AND BINARY c.col <> 'id'

UNION ALL
SELECT CONCAT(tbl, '.', col, ' is generated by the database (', extra, '); make it an ordinary column first')
FROM cols
WHERE is_known AND extra LIKE '%auto_increment%'

UNION ALL
SELECT CONCAT(
    tbl, ' has an extra column, ', col, ', which is NOT NULL without a default; allow NULL, or add a default'
)
FROM cols
WHERE NOT is_known AND NOT is_nullable AND NOT has_default AND NOT is_generated AND extra NOT LIKE '%auto_increment%'
    AND extra NOT LIKE '%DEFAULT_GENERATED%'

UNION ALL
SELECT CONCAT(
    'the key ', name, ' of ', tbl, ' rejects rows with the same ', COALESCE(REPLACE(cols, ',', ' and '), 'expression'),
    ', which the schema allows; drop it first'
)
FROM unique_keys
WHERE (NOT is_harmless OR name = 'PRIMARY')
    AND name <> 'Account_provider_providerAccountId_key'
    AND (
        is_partial AND name NOT IN ('PRIMARY', 'User_email_key', 'Account_provider_providerAccountId_key', 'Session_sessionToken_key', 'Authenticator_credentialID_key')
        OR COALESCE(CONCAT(tbl, ':', cols), '') NOT IN (
            'User:id', 'User:email', 'Account:id', 'Account:provider,providerAccountId', 'Session:id',
            'Session:sessionToken', 'VerificationToken:token', 'VerificationToken:identifier,token',
            'VerificationToken:token,identifier', 'Account:providerAccountId,provider',
            'Authenticator:credentialID', 'Authenticator:userId,credentialID', 'Authenticator:credentialID,userId'
        )
    )

UNION ALL
SELECT CONCAT(
    'the key ', s.INDEX_NAME, ' of ', t.tbl, ' is on ', GROUP_CONCAT(s.COLUMN_NAME ORDER BY s.SEQ_IN_INDEX SEPARATOR ' and '),
    ', where a string becomes too long for a key; drop it first'
)
FROM actual_table AS t
JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name
WHERE s.NON_UNIQUE = 0
    -- Made anew, as is any other on the same columns.
    AND s.INDEX_NAME <> 'Account_provider_providerAccountId_key'
GROUP BY t.tbl, t.cols, s.INDEX_NAME
HAVING COALESCE(GROUP_CONCAT(s.COLUMN_NAME ORDER BY s.COLUMN_NAME), '') <> 'provider,providerAccountId'
    AND MAX(
        s.SUB_PART IS NULL
        AND CONCAT(t.tbl, '.', COALESCE(s.COLUMN_NAME, '')) IN (
            'User.name', 'User.image', 'Account.providerAccountId', 'Account.refresh_token', 'Account.access_token',
            'Account.token_type', 'Account.scope', 'Account.id_token', 'Account.session_state',
            'Account.oauth_token_secret', 'Account.oauth_token', 'Authenticator.providerAccountId',
            'Authenticator.credentialPublicKey', 'Authenticator.credentialDeviceType', 'Authenticator.transports'
        )
    )

UNION ALL
SELECT CONCAT(
    'the foreign key ', name, ' of ', tbl, ' refers to ', parent, '.', parent_col,
    ' in a way that adopt cannot preserve; drop it first, and add it again afterwards'
)
FROM references_to
WHERE NOT is_ours
    AND NOT (parent = 'Authenticator' AND LOWER(tbl) = 'authstore_authenticator_details')
    AND (parent_col <> 'id' OR db <> DATABASE() OR width > 1 OR has_more OR is_versioned OR uses > 1)
    AND NOT (parent_col = 'id' AND has_final_parent)

UNION ALL
SELECT CONCAT(
    'the foreign key ', u.CONSTRAINT_NAME, ' of ', t.tbl, ' is on ', u.COLUMN_NAME,
    ', which has to change; drop it first'
)
FROM actual_table AS t
JOIN
    information_schema.KEY_COLUMN_USAGE AS u
    ON u.TABLE_SCHEMA = DATABASE() AND u.TABLE_NAME = BINARY t.name AND u.REFERENCED_TABLE_NAME IS NOT NULL
WHERE FIND_IN_SET(u.COLUMN_NAME, t.cols)
    AND NOT (u.COLUMN_NAME = 'userId' AND LOWER(u.REFERENCED_TABLE_NAME) = 'user' AND u.REFERENCED_COLUMN_NAME = 'id')

UNION ALL
SELECT CONCAT(
    'the index ', s.INDEX_NAME, ' of ', t.tbl, ' is on an expression and on a string that becomes longer; drop it first'
)
FROM actual_table AS t
JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name
GROUP BY t.tbl, s.INDEX_NAME
HAVING MAX(s.COLUMN_NAME IS NULL)
    AND MAX(
        s.SUB_PART IS NULL
        AND CONCAT(t.tbl, '.', COALESCE(s.COLUMN_NAME, '')) IN (
            'User.name', 'User.image', 'Account.refresh_token', 'Account.access_token', 'Account.token_type',
            'Account.scope', 'Account.id_token', 'Account.session_state', 'Account.oauth_token_secret',
            'Account.oauth_token', 'Authenticator.credentialPublicKey', 'Authenticator.credentialDeviceType',
            'Authenticator.transports'
        )
    )

-- The server allows 64 keys in a table. A key of the application's that begins with a column serves as ours on it.
UNION ALL
SELECT CONCAT(
    tbl, ' has ', own, ' keys of its own, and the schema needs ', needed, ' more, but a table can have only 64; drop ',
    own + needed - 64, ' first'
)
FROM (
    SELECT
        t.tbl, COUNT(DISTINCT s.INDEX_NAME) AS own,
        CASE t.tbl WHEN 'Account' THEN 4 WHEN 'Session' THEN 4 WHEN 'VerificationToken' THEN 3 ELSE 2 END
        - COUNT(
            DISTINCT IF(
                s.SEQ_IN_INDEX = 1 AND s.SUB_PART IS NULL AND s.INDEX_TYPE = 'BTREE'
                AND CONCAT(t.tbl, '.', s.COLUMN_NAME) IN (
                    'Account.userId', 'Session.userId', 'Session.expires', 'VerificationToken.identifier',
                    'VerificationToken.expires'
                ),
                s.COLUMN_NAME, NULL
            )
        ) AS needed
    FROM actual_table AS t
    JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name
    LEFT JOIN unique_keys AS u ON u.tbl = t.tbl AND u.name = s.INDEX_NAME
    WHERE s.INDEX_NAME NOT IN (
            'PRIMARY', 'User_email_key', 'Account_provider_providerAccountId_key', 'Account_provider_providerAccountId_idx',
            'Account_userId_idx', 'Session_sessionToken_key', 'Session_userId_idx', 'Session_expires_idx',
            'VerificationToken_expires_idx', 'VerificationToken_identifier_idx', 'Authenticator_credentialID_key'
        )
        AND COALESCE(CONCAT(u.tbl, ':', u.cols), '') NOT IN (
            'User:id', 'User:email', 'Account:id', 'Account:provider,providerAccountId', 'Session:id',
            'Session:sessionToken', 'VerificationToken:token', 'Authenticator:credentialID',
            'Authenticator:userId,credentialID'
        )
    GROUP BY t.tbl
) AS counted
WHERE own + needed > 64

-- The server allows 65,535 bytes in a row, without the content of texts. The numbers are what the schema's columns take,
-- with the hidden one that MySQL makes for the hash in a key of Account. Types other than strings take less than 16.
UNION ALL
SELECT CONCAT(
    tbl, ' has columns of its own that take ', own, ' bytes of a row, and those of the schema need ', needed,
    ', but a row can have only 65535 bytes; change the longest to a text or blob type first'
)
FROM (
    SELECT
        t.tbl,
        CASE t.tbl
            WHEN 'User' THEN 1088 WHEN 'Account' THEN 7801 WHEN 'Session' THEN 1101 WHEN 'VerificationToken' THEN 2051
            ELSE 6903
        END AS needed,
        SUM(
            CASE
                WHEN c.DATA_TYPE IN ('varchar', 'varbinary' /*M! , 'vector' */)
                    THEN c.CHARACTER_OCTET_LENGTH + IF(c.CHARACTER_OCTET_LENGTH > 255, 2, 1)
                WHEN c.DATA_TYPE IN ('char', 'binary') THEN c.CHARACTER_OCTET_LENGTH
                ELSE 16
            END
        ) + (SUM(c.IS_NULLABLE = 'YES') + 7) DIV 8 AS own
    FROM actual_table AS t
    JOIN information_schema.COLUMNS AS c ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name
    WHERE FIND_IN_SET(c.COLUMN_NAME, t.cols) = 0
    GROUP BY t.tbl
) AS measured
WHERE own + needed > 65535

-- Only MySQL: it would alter the column, but a dump of the table could not be restored.
UNION ALL
SELECT DISTINCT CONCAT(
    'the index ', s.INDEX_NAME, ' of ', t.tbl, ' is on an expression of ', c.COLUMN_NAME,
    ', which becomes too long for an index; drop it first, or cast the expression to char'
)
FROM actual_table AS t
JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name
JOIN information_schema.COLUMNS AS c ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name
WHERE s.COLUMN_NAME IS NULL
    AND CONCAT(t.tbl, '.', c.COLUMN_NAME) IN (
        'User.name', 'User.image', 'Account.refresh_token', 'Account.access_token', 'Account.token_type',
        'Account.scope', 'Account.id_token', 'Account.session_state', 'Account.oauth_token_secret',
        'Account.oauth_token', 'Authenticator.credentialPublicKey', 'Authenticator.credentialDeviceType',
        'Authenticator.transports'
    )
    AND c.COLUMN_TYPE <> 'mediumtext'
    AND LOCATE(CONCAT('`', c.COLUMN_NAME, '`'), /*M! '' */ /*!80013 s.EXPRESSION */) > 0
    AND NOT /*M! 0 */ /*!80013 s.EXPRESSION LIKE 'cast(%' */

UNION ALL
SELECT CONCAT(
    'the full-text index ', s.INDEX_NAME, ' of ', t.tbl, ' is on columns that change and on ',
    GROUP_CONCAT(IF(FIND_IN_SET(c.COLUMN_NAME, t.cols), NULL, c.COLUMN_NAME)),
    ', which would then have different collations; drop it first'
)
FROM actual_table AS t
JOIN
    information_schema.STATISTICS AS s
    ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name AND s.INDEX_TYPE = 'FULLTEXT'
JOIN
    information_schema.COLUMNS AS c
    ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name AND c.COLUMN_NAME = s.COLUMN_NAME
GROUP BY t.tbl, s.INDEX_NAME
HAVING MAX(FIND_IN_SET(c.COLUMN_NAME, t.cols) > 0)
    AND MAX(
        FIND_IN_SET(c.COLUMN_NAME, t.cols) = 0 AND c.COLLATION_NAME NOT IN ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin')
    )

-- An id becomes ascii, and all columns of a full-text index need the same character set.
UNION ALL
SELECT CONCAT(
    'the full-text index ', s.INDEX_NAME, ' of ', t.name, ' is on ', t.col, ' and on other columns, which will have different character sets; drop it first'
)
FROM (
    SELECT t.name, c.col
    FROM actual_table AS t
    JOIN cols AS c ON c.tbl = t.tbl AND c.is_known AND c.col IN ('id', 'userId', 'credentialID')
    UNION ALL
    SELECT tbl, col
    FROM references_to
    WHERE parent IN ('User', 'Account', 'Session') AND parent_col = 'id' AND db = DATABASE() AND NOT is_ours
) AS t
JOIN
    information_schema.STATISTICS AS s
    ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name AND s.INDEX_TYPE = 'FULLTEXT' AND s.COLUMN_NAME = t.col
WHERE EXISTS (
    SELECT 1
    FROM information_schema.STATISTICS AS o
    WHERE o.TABLE_SCHEMA = DATABASE()
        AND o.TABLE_NAME = BINARY t.name
        AND o.INDEX_NAME = s.INDEX_NAME
        AND o.COLUMN_NAME <> t.col
)

-- They cannot be compared, so rows without their user could not be looked for. A binary collation takes precedence.
UNION ALL
SELECT CONCAT(
    t.tbl, '.userId compares strings by the collation ', c.COLLATION_NAME, ', and User.id by ', i.COLLATION_NAME,
    '; change one of them first'
)
FROM actual_table AS t
JOIN
    information_schema.COLUMNS AS c
    ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name AND c.COLUMN_NAME = 'userId'
JOIN actual_table AS u ON u.tbl = 'User'
JOIN
    information_schema.COLUMNS AS i
    ON i.TABLE_SCHEMA = DATABASE() AND i.TABLE_NAME = BINARY u.name AND i.COLUMN_NAME = 'id'
WHERE t.tbl IN ('Account', 'Session', 'Authenticator')
    AND c.CHARACTER_SET_NAME = i.CHARACTER_SET_NAME
    AND c.COLLATION_NAME <> i.COLLATION_NAME
    AND c.COLLATION_NAME NOT LIKE '%bin'
    AND i.COLLATION_NAME NOT LIKE '%bin'

-- In utf8mb4 a character has up to four bytes, and an index entry at most 3072.
UNION ALL
SELECT CONCAT(
    'the index ', s.INDEX_NAME, ' of ', t.tbl, ' becomes too long, because a character takes up to four bytes in utf8mb4; drop it first'
)
FROM actual_table AS t
JOIN information_schema.STATISTICS AS s ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name
JOIN
    information_schema.COLUMNS AS c
    ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name AND c.COLUMN_NAME = s.COLUMN_NAME
WHERE s.INDEX_TYPE = 'BTREE'
    AND (
        s.NON_UNIQUE = 1
        OR EXISTS (SELECT 1 FROM unique_keys AS u WHERE u.tbl = t.tbl AND u.name = s.INDEX_NAME AND u.is_harmless)
    )
GROUP BY t.tbl, s.INDEX_NAME
HAVING SUM(
    CASE
        WHEN c.CHARACTER_MAXIMUM_LENGTH IS NULL THEN 9
        WHEN FIND_IN_SET(c.COLUMN_NAME, t.cols) = 0
            THEN COALESCE(
                s.SUB_PART * c.CHARACTER_OCTET_LENGTH / NULLIF(c.CHARACTER_MAXIMUM_LENGTH, 0), c.CHARACTER_OCTET_LENGTH
            )
        WHEN c.COLUMN_NAME IN ('id', 'userId') THEN 36
        WHEN c.COLUMN_NAME = 'credentialID' THEN COALESCE(s.SUB_PART, 1364)
        WHEN c.COLUMN_NAME = 'providerAccountId' THEN 4 * COALESCE(s.SUB_PART, 191)
        ELSE 4 * COALESCE(s.SUB_PART, 255)
    END
) > 3072
    AND MAX(FIND_IN_SET(c.COLUMN_NAME, t.cols) > 0)

UNION ALL
SELECT CONCAT(
    'an earlier version of adopt left rows in ', TABLE_NAME,
    '; move them back to the table that it is named after, and drop it'
)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
    AND LOWER(TABLE_NAME) IN (
        'authstore_adopted_user', 'authstore_adopted_account', 'authstore_adopted_session',
        'authstore_adopted_verificationtoken', 'authstore_adopted_authenticator'
    )

-- Names that the adoption needs. Names of foreign keys are unique within a database.
UNION ALL
SELECT CONCAT(
    'the name ', k.CONSTRAINT_NAME, ' is needed, but belongs to a foreign key of ', k.TABLE_NAME, '; drop that, and add it under another name first'
)
FROM information_schema.REFERENTIAL_CONSTRAINTS AS k
JOIN
    information_schema.KEY_COLUMN_USAGE AS u
    ON u.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
        AND u.TABLE_NAME = k.TABLE_NAME
        AND u.CONSTRAINT_NAME = k.CONSTRAINT_NAME
        AND u.ORDINAL_POSITION = 1
WHERE k.CONSTRAINT_SCHEMA = DATABASE()
    AND LOWER(k.CONSTRAINT_NAME) IN ('account_userid_fkey', 'session_userid_fkey', 'authenticator_userid_fkey')
    AND NOT (
        LOWER(CONCAT(k.TABLE_NAME, '_userid_fkey')) = LOWER(k.CONSTRAINT_NAME)
        AND LOWER(u.COLUMN_NAME) = 'userid'
        AND LOWER(k.REFERENCED_TABLE_NAME) = 'user'
        AND LOWER(u.REFERENCED_COLUMN_NAME) = 'id'
    )

UNION ALL
SELECT CONCAT('the name ', t.TABLE_NAME, ' is needed, but belongs to a table with other columns; rename that first')
FROM information_schema.TABLES AS t
WHERE t.TABLE_SCHEMA = DATABASE()
    AND IF(@@lower_case_table_names = 0, t.TABLE_NAME = BINARY 'authstore_adoption', LOWER(t.TABLE_NAME) = 'authstore_adoption')
    AND (
        SELECT COUNT(*)
        FROM information_schema.COLUMNS AS c
        WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.TABLE_NAME AND c.COLUMN_NAME IN ('name', 'statement')
    ) < 2

/*!80013
-- With this setting, MySQL rejects each change after which a table has no primary key. The schema's are added last, and
-- a key on providerAccountId is dropped before that.
UNION ALL
SELECT CONCAT(
    t.tbl, ' needs a primary key before it can be changed, because sql_require_primary_key is on; add one on ',
    CASE t.tbl
        WHEN 'Session' THEN 'sessionToken' WHEN 'VerificationToken' THEN 'token' WHEN 'Authenticator' THEN 'credentialID'
        ELSE 'id'
    END,
    ', or turn the setting off first'
)
FROM actual_table AS t
LEFT JOIN
    information_schema.STATISTICS AS s
    ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name AND s.INDEX_NAME = 'PRIMARY'
WHERE @@sql_require_primary_key
GROUP BY t.tbl
HAVING COUNT(s.COLUMN_NAME) = 0 OR MAX(s.COLUMN_NAME = 'providerAccountId')
*/

/*M!
-- MariaDB neither stores nor indexes what depends on a char column, because sql_mode changes how it is padded.
UNION ALL
SELECT DISTINCT CONCAT(
    c.TABLE_NAME, '.', c.COLUMN_NAME, ' is generated from ', t.col, ', which becomes char(36), so MariaDB could neither store nor index it; drop it first'
)
FROM (
    SELECT t.name, c.col
    FROM actual_table AS t
    JOIN cols AS c ON c.tbl = t.tbl AND c.is_known AND c.col IN ('id', 'userId')
    UNION ALL
    SELECT tbl, col
    FROM references_to
    WHERE parent IN ('User', 'Account', 'Session') AND parent_col = 'id' AND db = DATABASE() AND NOT is_ours
) AS t
JOIN
    information_schema.COLUMNS AS c
    ON c.TABLE_SCHEMA = DATABASE()
        AND c.TABLE_NAME = BINARY t.name
        AND LOCATE(CONCAT('`', t.col, '`'), COALESCE(c.GENERATION_EXPRESSION, '')) > 0
JOIN
    information_schema.COLUMNS AS i
    ON i.TABLE_SCHEMA = DATABASE() AND i.TABLE_NAME = BINARY t.name AND i.COLUMN_NAME = t.col
WHERE i.DATA_TYPE <> 'char'
    AND (
        c.EXTRA LIKE '%STORED%'
        OR EXISTS (
            SELECT 1
            FROM information_schema.STATISTICS AS s
            WHERE s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = BINARY t.name AND s.COLUMN_NAME = c.COLUMN_NAME
        )
    )

UNION ALL
SELECT CONCAT(t.tbl, '.', c.COLUMN_NAME, ' has a name that the schema needs for the hash of providerAccountId; rename it first')
FROM actual_table AS t
JOIN
    information_schema.COLUMNS AS c
    ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name AND c.COLUMN_NAME = 'providerAccountIdHash'
WHERE t.tbl = 'Account'
    AND COALESCE(c.GENERATION_EXPRESSION, '') NOT LIKE '%sha2%'
*/;
