-- Columns, and the unique keys with which no two values can become the same: those on strings that are compared as their
-- column does, and on ids that are UUIDs already.
WITH known AS (
    SELECT t."name", to_regclass(pg_catalog.quote_ident(t."name")) AS "oid"
    FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
)

SELECT (k."name" || '.' || c.attname::text)::text
FROM known AS k
JOIN pg_attribute AS c ON c.attrelid = k."oid"
WHERE c.attnum > 0 AND NOT c.attisdropped
UNION ALL
SELECT (k."name" || '(' || pg_catalog.string_agg(c.attname, ',' ORDER BY c.attname) || ')')::text
FROM known AS k
JOIN pg_index AS i ON i.indrelid = k."oid"
CROSS JOIN pg_catalog.generate_series(0, i.indnkeyatts - 1) AS p ("position")
LEFT JOIN
    pg_attribute AS c
    ON c.attrelid = i.indrelid
        AND c.attnum = i.indkey[p."position"]
        AND c.attcollation = i.indcollation[p."position"]
        AND (c.attname <> 'id' OR c.atttypid = 'uuid'::regtype)
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL
GROUP BY k."name", i.indexrelid
HAVING pg_catalog.bool_and(c.attname IS NOT NULL);
