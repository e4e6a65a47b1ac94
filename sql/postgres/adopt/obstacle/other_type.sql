-- Columns of a type that cannot be converted safely. The lists are the types that can.
WITH "known" ("columns", "types") AS (
    VALUES
    (
        ARRAY['User.id', 'Account.id', 'Account.userId', 'Session.id', 'Session.userId', 'Authenticator.userId'],
        ARRAY['uuid', 'text', 'varchar', 'bpchar']
    ),
    (
        ARRAY['User.emailVerified', 'Session.expires', 'VerificationToken.expires'],
        ARRAY['timestamptz', 'timestamp']
    ),
    (ARRAY['Account.expires_at', 'Authenticator.counter'], ARRAY['int2', 'int4', 'int8']),
    (ARRAY['Authenticator.credentialBackedUp'], ARRAY['bool']),
    (
        ARRAY[
            'User.name', 'User.email', 'User.image', 'Account.type', 'Account.provider', 'Account.providerAccountId',
            'Account.refresh_token', 'Account.access_token', 'Account.token_type', 'Account.scope', 'Account.id_token',
            'Account.session_state', 'Account.oauth_token_secret', 'Account.oauth_token', 'Session.sessionToken',
            'VerificationToken.identifier', 'VerificationToken.token', 'Authenticator.credentialID',
            'Authenticator.providerAccountId', 'Authenticator.credentialPublicKey',
            'Authenticator.credentialDeviceType', 'Authenticator.transports'
        ],
        ARRAY['text', 'varchar', 'bpchar', 'citext', 'name']
    )
)

SELECT
    t."name" || '.' || c.attname::text || ' is ' || format_type(c.atttypid, c.atttypmod) || ', whose values cannot be converted safely; '
    || 'change it to ' || k."types"[1]
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
JOIN pg_attribute AS c ON c.attrelid = to_regclass(pg_catalog.quote_ident(t."name")) AND c.attnum > 0 AND NOT c.attisdropped
JOIN pg_type AS y ON y.oid = c.atttypid
JOIN "known" AS k ON t."name" || '.' || c.attname::text = ANY(k."columns")
WHERE y.typname::text <> ALL(k."types");
