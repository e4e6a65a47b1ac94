WITH "needed" ("table", "column") AS (
    VALUES
    ('User', 'id'),
    ('User', 'email'),
    ('Account', 'userId'),
    ('Account', 'type'),
    ('Account', 'provider'),
    ('Account', 'providerAccountId'),
    ('Session', 'userId'),
    ('Session', 'sessionToken'),
    ('Session', 'expires'),
    ('VerificationToken', 'identifier'),
    ('VerificationToken', 'token'),
    ('VerificationToken', 'expires'),
    ('Authenticator', 'credentialID'),
    ('Authenticator', 'userId'),
    ('Authenticator', 'providerAccountId'),
    ('Authenticator', 'credentialPublicKey'),
    ('Authenticator', 'counter'),
    ('Authenticator', 'credentialDeviceType'),
    ('Authenticator', 'credentialBackedUp')
)

SELECT n."table" || '.' || n."column" || ' is missing, and its values cannot be derived; add the column first'
FROM "needed" AS n
WHERE to_regclass(pg_catalog.quote_ident(n."table")) IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM pg_attribute AS c
        WHERE c.attrelid = to_regclass(pg_catalog.quote_ident(n."table"))
            AND c.attname = n."column"
            AND NOT c.attisdropped
    );
