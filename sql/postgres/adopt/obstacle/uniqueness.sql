SELECT
    t."name" || ' has a uniqueness or a primary key that the schema does not know, ' || i.indexrelid::regclass::text
    || ': drop it first'
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
JOIN pg_index AS i ON i.indrelid = to_regclass(quote_ident(t."name"))
JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indisunique
    AND c.relname NOT IN (
        'User_pkey', 'User_email_key', 'Account_pkey', 'Account_provider_providerAccountId_key', 'Session_pkey',
        'Session_sessionToken_key', 'VerificationToken_pkey', 'VerificationToken_token_key', 'Authenticator_pkey',
        'Authenticator_credentialID_key'
    );
