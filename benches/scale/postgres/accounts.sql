INSERT INTO "Account" (
    "id", "userId", "type", "provider", "providerAccountId", "access_token", "expires_at", "token_type", "scope"
)
SELECT
    ('019b' || lpad(to_hex(i >> 16), 4, '0') || lpad(to_hex(i & 65535), 4, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
    ('019b' || lpad(to_hex(u >> 16), 4, '0') || lpad(to_hex(u & 65535), 4, '0') || '70008000' || lpad(to_hex(u), 12, '0'))::uuid,
    'oauth',
    CASE WHEN i < $3::bigint THEN 'github' ELSE 'google' END,
    lpad(to_hex((i * 2654435761) % 4294967296), 8, '0') || lpad(to_hex(i), 8, '0'),
    'gho_' || lpad(to_hex(i), 36, '0'),
    1,
    'bearer',
    'read:user'
FROM generate_series($1::bigint, $2::bigint - 1) AS n (i)
CROSS JOIN LATERAL (SELECT i % $3::bigint) AS of_user (u);
