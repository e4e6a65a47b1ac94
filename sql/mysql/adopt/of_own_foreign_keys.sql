-- Ends each query about the application's own foreign keys to an id whose type changes.
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
