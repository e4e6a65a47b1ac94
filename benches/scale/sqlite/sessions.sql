-- Half of the sessions expire in 2027, and half in 2030.
WITH RECURSIVE n (i) AS (
    SELECT ?1
    UNION ALL
    SELECT i + 1
    FROM n
    WHERE i + 1 < ?2
)
INSERT INTO "Session" ("id", "userId", "sessionToken", "expires")
SELECT
    printf('019b%04x-%04x-7000-8000-%012x', i >> 16, i & 65535, i),
    printf('019b%04x-%04x-7000-8000-%012x', (i * 7919 % ?3) >> 16, (i * 7919 % ?3) & 65535, i * 7919 % ?3),
    printf('%08x%08x', (i * 2654435761) % 4294967296, i),
    strftime(
        '%Y-%m-%dT%H:%M:%S.000Z', CASE WHEN i < ?3 THEN 1798761600 ELSE 1893456000 END + i * 7919 % 1000000, 'unixepoch'
    )
FROM n;
