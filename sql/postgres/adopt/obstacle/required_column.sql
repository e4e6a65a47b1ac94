-- Extra columns that are NOT NULL without a default: they make every sign-up fail, even if nothing else differs.
WITH
    "known" ("table", "columns") AS (
        VALUES
        ('User', ARRAY['id', 'name', 'email', 'emailVerified', 'image']),
        (
            'Account',
            ARRAY[
                'id', 'userId', 'type', 'provider', 'providerAccountId', 'refresh_token', 'access_token', 'expires_at',
                'token_type', 'scope', 'id_token', 'session_state', 'oauth_token_secret', 'oauth_token'
            ]
        ),
        ('Session', ARRAY['id', 'userId', 'sessionToken', 'expires']),
        ('VerificationToken', ARRAY['identifier', 'token', 'expires']),
        (
            'Authenticator',
            ARRAY[
                'credentialID', 'userId', 'providerAccountId', 'credentialPublicKey', 'counter', 'credentialDeviceType',
                'credentialBackedUp', 'transports'
            ]
        )
    )

SELECT
    k."table" || ' has an extra column, ' || c.attname::text
    || ', which is NOT NULL without a default; allow NULL, or add a default'
FROM "known" AS k
JOIN pg_attribute AS c ON c.attrelid = to_regclass(pg_catalog.quote_ident(k."table")) AND c.attnum > 0 AND NOT c.attisdropped
WHERE c.attname::text <> ALL(k."columns")
    AND c.attnotnull
    AND NOT c.atthasdef
    AND c.attidentity = '';
