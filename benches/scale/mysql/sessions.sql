-- Half of the sessions expire in 2027, and half in 2030.
INSERT INTO `Session` (`id`, `userId`, `sessionToken`, `expires`)
WITH RECURSIVE n (i) AS (
    SELECT CAST(? AS SIGNED)
    UNION ALL
    SELECT i + 1
    FROM n
    WHERE i + 1 < ?
),
of_user (i, u, users) AS (
    SELECT i, i * 7919 % users, users
    FROM n
    CROSS JOIN (SELECT CAST(? AS SIGNED) AS users) AS c
)
SELECT
    LOWER(CONCAT('019b', LPAD(HEX(i >> 16), 4, '0'), '-', LPAD(HEX(i & 65535), 4, '0'), '-7000-8000-', LPAD(HEX(i), 12, '0'))),
    LOWER(CONCAT('019b', LPAD(HEX(u >> 16), 4, '0'), '-', LPAD(HEX(u & 65535), 4, '0'), '-7000-8000-', LPAD(HEX(u), 12, '0'))),
    LOWER(CONCAT(LPAD(HEX((i * 2654435761) % 4294967296), 8, '0'), LPAD(HEX(i), 8, '0'))),
    FROM_UNIXTIME(CASE WHEN i < users THEN 1798761600 ELSE 1893456000 END + i * 7919 % 1000000)
FROM of_user;
