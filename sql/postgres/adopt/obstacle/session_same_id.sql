-- Compared as UUIDs, which ignore case. Those with a unique key need not be read.
SELECT count(*)::text || ' sessions have the id ' || CASE WHEN min("id"::text) IS NULL THEN '(NULL)' WHEN min("id"::text)::text ~ '^[0-9A-Za-z_-]+$' THEN min("id"::text)::text ELSE '(not shown)' END
FROM "Session"
WHERE "id" IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM pg_index AS i
        JOIN pg_attribute AS c ON c.attrelid = i.indrelid AND c.attnum = i.indkey[0] AND c.attname = 'id' AND c.atttypid = 'uuid'::regtype
        WHERE i.indrelid = '"Session"'::regclass
            AND i.indisunique
            AND i.indisvalid
            AND i.indnkeyatts = 1
            AND i.indpred IS NULL
    )
GROUP BY lower("id"::text)
HAVING count(*) > 1
LIMIT 100;
