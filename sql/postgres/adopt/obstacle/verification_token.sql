-- Strings with a unique key need not be read.
SELECT count(*)::text || ' verification tokens have the same token'
FROM "VerificationToken"
WHERE NOT EXISTS (
    SELECT 1
    FROM pg_index AS i
    JOIN pg_attribute AS c ON c.attrelid = i.indrelid AND c.attnum = i.indkey[0] AND c.attname = 'token'
    WHERE i.indrelid = '"VerificationToken"'::regclass
        AND i.indisunique
        AND i.indisvalid
        AND i.indnkeyatts = 1
        AND i.indpred IS NULL
)
GROUP BY "token"::text COLLATE "C"
HAVING count(*) > 1
LIMIT 100;
