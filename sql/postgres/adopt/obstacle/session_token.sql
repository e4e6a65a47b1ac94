-- Strings with a unique key need not be read.
SELECT count(*)::text || ' sessions, of the users ' || left(string_agg(CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN "userId"::text ~ '^[0-9A-Za-z_-]+$' THEN "userId"::text ELSE '(not shown)' END, ', ' ORDER BY "userId"::text), 1000) || ', have the same sessionToken'
FROM "Session"
WHERE NOT EXISTS (
    SELECT 1
    FROM pg_index AS i
    JOIN pg_attribute AS c ON c.attrelid = i.indrelid AND c.attnum = i.indkey[0] AND c.attname = 'sessionToken'
    WHERE i.indrelid = '"Session"'::regclass
        AND i.indisunique
        AND i.indisvalid
        AND i.indnkeyatts = 1
        AND i.indpred IS NULL
)
GROUP BY "sessionToken"::text COLLATE "C"
HAVING count(*) > 1
LIMIT 100;
