-- Half of the sessions expire in 2027, and half in 2030.
INSERT INTO "Session" ("id", "userId", "sessionToken", "expires")
SELECT
    ('019b' || lpad(to_hex(i >> 16), 4, '0') || lpad(to_hex(i & 65535), 4, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
    ('019b' || lpad(to_hex(u >> 16), 4, '0') || lpad(to_hex(u & 65535), 4, '0') || '70008000' || lpad(to_hex(u), 12, '0'))::uuid,
    lpad(to_hex((i * 2654435761) % 4294967296), 8, '0') || lpad(to_hex(i), 8, '0'),
    to_timestamp(CASE WHEN i < $3::bigint THEN 1798761600 ELSE 1893456000 END + i * 7919 % 1000000)
FROM generate_series($1::bigint, $2::bigint - 1) AS n (i)
CROSS JOIN LATERAL (SELECT i * 7919 % $3::bigint) AS of_user (u);
