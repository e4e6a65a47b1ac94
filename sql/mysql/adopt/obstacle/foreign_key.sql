-- One of the application's own would follow the old table.
SELECT CONCAT(
    'the foreign key ', k.CONSTRAINT_NAME, ' of ', k.TABLE_NAME, ' refers to ', k.REFERENCED_TABLE_NAME,
    ': drop it, and add it again afterwards, with the type char(36) CHARACTER SET ascii COLLATE ascii_bin'
)
FROM information_schema.REFERENTIAL_CONSTRAINTS AS k
WHERE k.UNIQUE_CONSTRAINT_SCHEMA = DATABASE()
    AND k.REFERENCED_TABLE_NAME IN ('User', 'Account', 'Session', 'VerificationToken', 'Authenticator')
    AND NOT (
        k.CONSTRAINT_SCHEMA = DATABASE()
        AND k.TABLE_NAME IN (
            'Account', 'Session', 'Authenticator', 'authstore_adopted_Account', 'authstore_adopted_Session',
            'authstore_adopted_Authenticator'
        )
    );
