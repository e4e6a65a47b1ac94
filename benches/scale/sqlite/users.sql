WITH RECURSIVE n (i) AS (
    SELECT ?1
    UNION ALL
    SELECT i + 1
    FROM n
    WHERE i + 1 < ?2
)
INSERT INTO "User" ("id", "name", "email")
SELECT
    printf('019b%04x-%04x-7000-8000-%012x', i >> 16, i & 65535, i),
    'Ada',
    printf('%08x%08x@example.org', (i * 2654435761) % 4294967296, i)
FROM n;
