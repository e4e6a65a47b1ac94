-- The store's columns whose type is not built into PostgreSQL: a domain, an enum, or a type from an extension.
SELECT c.relname::text || '.' || a.attname::text || ' (' || pg_catalog.format_type(a.atttypid, a.atttypmod) || ')'
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE c.oid IN (
        pg_catalog.to_regclass('"User"'),
        pg_catalog.to_regclass('"Account"'),
        pg_catalog.to_regclass('"Session"'),
        pg_catalog.to_regclass('"VerificationToken"'),
        pg_catalog.to_regclass('"Authenticator"')
    )
    AND a.attname IN (
        'id', 'name', 'email', 'emailVerified', 'image',
        'userId', 'type', 'provider', 'providerAccountId', 'refresh_token', 'access_token', 'expires_at', 'token_type',
        'scope', 'id_token', 'session_state', 'oauth_token_secret', 'oauth_token',
        'sessionToken', 'expires', 'identifier', 'token',
        'credentialID', 'credentialPublicKey', 'counter', 'credentialDeviceType', 'credentialBackedUp', 'transports'
    )
    AND a.attnum > 0
    AND NOT a.attisdropped
    AND a.atttypid >= 16384
ORDER BY 1
LIMIT 1;
