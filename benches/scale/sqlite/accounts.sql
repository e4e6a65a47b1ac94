WITH RECURSIVE n (i) AS (
    SELECT ?1
    UNION ALL
    SELECT i + 1
    FROM n
    WHERE i + 1 < ?2
)
INSERT INTO "Account" (
    "id", "userId", "type", "provider", "providerAccountId", "access_token", "expires_at", "token_type", "scope"
)
SELECT
    printf('019b%04x-%04x-7000-8000-%012x', i >> 16, i & 65535, i),
    printf('019b%04x-%04x-7000-8000-%012x', (i % ?3) >> 16, (i % ?3) & 65535, i % ?3),
    'oauth',
    CASE WHEN i < ?3 THEN 'github' ELSE 'google' END,
    printf('%08x%08x', (i * 2654435761) % 4294967296, i),
    printf('gho_%036x', i),
    1,
    'bearer',
    'read:user'
FROM n;
