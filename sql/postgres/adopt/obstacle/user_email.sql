-- Groups by the column's own collation, which may treat two spellings as one address. Addresses with a unique key need
-- not be read.
SELECT
    'the users ' || left(string_agg(CASE WHEN "id" IS NULL THEN '(NULL)' WHEN "id"::text ~ '^[0-9A-Za-z_-]+$' THEN "id"::text ELSE '(not shown)' END, ', ' ORDER BY "id"::text), 1000)
    || ' have the same email address, or two that the database treats as the same'
FROM "User"
WHERE "email" IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM pg_index AS i
        JOIN pg_attribute AS c ON c.attrelid = i.indrelid AND c.attnum = i.indkey[0] AND c.attname = 'email'
        WHERE i.indrelid = '"User"'::regclass
            AND i.indisunique
            AND i.indisvalid
            AND i.indnkeyatts = 1
            AND i.indpred IS NULL
            AND i.indcollation[0] = c.attcollation
    )
GROUP BY "email"
HAVING count(*) > 1
LIMIT 100;
