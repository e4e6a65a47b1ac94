-- Columns, and foreign keys, which are set aside with their table and keep their name.
SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME)
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
    AND TABLE_NAME IN (
        'User', 'Account', 'Session', 'VerificationToken', 'Authenticator', 'authstore_adopted_User',
        'authstore_adopted_Account', 'authstore_adopted_Session', 'authstore_adopted_VerificationToken',
        'authstore_adopted_Authenticator'
    )
UNION ALL
SELECT CONCAT(TABLE_NAME, '.', CONSTRAINT_NAME)
FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE()
    AND TABLE_NAME IN ('authstore_adopted_Account', 'authstore_adopted_Session', 'authstore_adopted_Authenticator');
