-- Invalid indexes that a failed concurrent build left behind and that this SQL names, in any case: names without quotes are
-- folded. Such an index exists, so IF NOT EXISTS skips its creation, but no query uses it. Those of other schemas belong
-- to others, unless the SQL names their schema.
SELECT i.indexrelid::regclass::text
FROM pg_catalog.pg_index AS i
INNER JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
INNER JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid
    AND c.relkind = 'i'
    AND pg_catalog.strpos(pg_catalog.lower($1), pg_catalog.lower(c.relname)) > 0
    AND (n.nspname = ANY(current_schemas(false)) OR pg_catalog.strpos(pg_catalog.lower($1), pg_catalog.lower(n.nspname)) > 0)
ORDER BY 1;
