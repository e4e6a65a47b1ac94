INSERT INTO `Account` (
    `id`, `userId`, `type`, `provider`, `providerAccountId`, `access_token`, `expires_at`, `token_type`, `scope`
)
WITH RECURSIVE n (i) AS (
    SELECT CAST(? AS SIGNED)
    UNION ALL
    SELECT i + 1
    FROM n
    WHERE i + 1 < ?
),
of_user (i, u, users) AS (
    SELECT i, i % users, users
    FROM n
    CROSS JOIN (SELECT CAST(? AS SIGNED) AS users) AS c
)
SELECT
    LOWER(CONCAT('019b', LPAD(HEX(i >> 16), 4, '0'), '-', LPAD(HEX(i & 65535), 4, '0'), '-7000-8000-', LPAD(HEX(i), 12, '0'))),
    LOWER(CONCAT('019b', LPAD(HEX(u >> 16), 4, '0'), '-', LPAD(HEX(u & 65535), 4, '0'), '-7000-8000-', LPAD(HEX(u), 12, '0'))),
    'oauth',
    CASE WHEN i < users THEN 'github' ELSE 'google' END,
    LOWER(CONCAT(LPAD(HEX((i * 2654435761) % 4294967296), 8, '0'), LPAD(HEX(i), 8, '0'))),
    CONCAT('gho_', LPAD(HEX(i), 36, '0')),
    1,
    'bearer',
    'read:user'
FROM of_user;
