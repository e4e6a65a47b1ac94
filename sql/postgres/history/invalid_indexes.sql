-- The indexes that a concurrent build has left behind and that this SQL names: an index of which the build failed exists,
-- is used by no query, and is passed over by IF NOT EXISTS.
SELECT c.relname::text
FROM pg_catalog.pg_index AS i
INNER JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid
    AND c.relkind = 'i'
    AND strpos($1, c.relname) > 0
ORDER BY c.relname;
