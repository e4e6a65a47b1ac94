INSERT INTO `User` (`id`, `name`, `email`)
WITH RECURSIVE n (i) AS (
    SELECT CAST(? AS SIGNED)
    UNION ALL
    SELECT i + 1
    FROM n
    WHERE i + 1 < ?
)
SELECT
    LOWER(CONCAT('019b', LPAD(HEX(i >> 16), 4, '0'), '-', LPAD(HEX(i & 65535), 4, '0'), '-7000-8000-', LPAD(HEX(i), 12, '0'))),
    'Ada',
    LOWER(CONCAT(LPAD(HEX((i * 2654435761) % 4294967296), 8, '0'), LPAD(HEX(i), 8, '0'), '@example.org'))
FROM n;
