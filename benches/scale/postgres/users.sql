INSERT INTO "User" ("id", "name", "email")
SELECT
    ('019b' || lpad(to_hex(i >> 16), 4, '0') || lpad(to_hex(i & 65535), 4, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
    'Ada',
    lpad(to_hex((i * 2654435761) % 4294967296), 8, '0') || lpad(to_hex(i), 8, '0') || '@example.org'
FROM generate_series($1::bigint, $2::bigint - 1) AS n (i);
