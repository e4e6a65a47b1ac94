SELECT t."name" || '.' || c."name"
FROM sqlite_schema AS t
JOIN pragma_table_xinfo(t."name") AS c
WHERE t."type" = 'table'
    AND t."name" IN (
        'User', 'Account', 'Session', 'VerificationToken', 'Authenticator', 'authstore_adopted_User',
        'authstore_adopted_Account', 'authstore_adopted_Session', 'authstore_adopted_VerificationToken',
        'authstore_adopted_Authenticator'
    );
