-- Invalid indexes that a failed concurrent build left behind and that this SQL names. Such an index exists, so IF NOT
-- EXISTS skips its creation, but no query uses it.
SELECT c.relname::text
FROM pg_catalog.pg_index AS i
INNER JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid
    AND c.relkind = 'i'
    AND strpos($1, c.relname) > 0
ORDER BY c.relname;
