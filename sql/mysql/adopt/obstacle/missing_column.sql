WITH needed AS (
    SELECT 'User' AS tbl, 'id' AS col
    UNION ALL SELECT 'User', 'email'
    UNION ALL SELECT 'Account', 'userId'
    UNION ALL SELECT 'Account', 'type'
    UNION ALL SELECT 'Account', 'provider'
    UNION ALL SELECT 'Account', 'providerAccountId'
    UNION ALL SELECT 'Session', 'userId'
    UNION ALL SELECT 'Session', 'sessionToken'
    UNION ALL SELECT 'Session', 'expires'
    UNION ALL SELECT 'VerificationToken', 'identifier'
    UNION ALL SELECT 'VerificationToken', 'token'
    UNION ALL SELECT 'VerificationToken', 'expires'
    UNION ALL SELECT 'Authenticator', 'credentialID'
    UNION ALL SELECT 'Authenticator', 'userId'
    UNION ALL SELECT 'Authenticator', 'providerAccountId'
    UNION ALL SELECT 'Authenticator', 'credentialPublicKey'
    UNION ALL SELECT 'Authenticator', 'counter'
    UNION ALL SELECT 'Authenticator', 'credentialDeviceType'
    UNION ALL SELECT 'Authenticator', 'credentialBackedUp'
)

SELECT CONCAT(n.tbl, '.', n.col, ' is missing, and its values cannot be derived; add the column first')
FROM needed AS n
JOIN
    information_schema.TABLES AS t
    ON t.TABLE_SCHEMA = DATABASE()
        AND IF(@@lower_case_table_names = 0, t.TABLE_NAME = BINARY n.tbl, LOWER(t.TABLE_NAME) = LOWER(n.tbl))
WHERE NOT EXISTS (
    SELECT 1
    FROM information_schema.COLUMNS AS c
    WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.TABLE_NAME AND c.COLUMN_NAME = n.col
);
