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
JOIN sqlite_schema AS t ON t."type" = 'table' AND t."name" = n."table" COLLATE NOCASE
WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info(n."table") AS c WHERE c."name" = n."column");
