-- One statement for each foreign key of the application's own that is dropped and added again: it records, until the
-- transaction ends, how many rows the foreign key would reject. They were written while it was not enforced. Another one
-- for each column that becomes uuid: rows that no foreign key has checked may have something else.
SELECT
    pg_catalog.format(
        'SELECT set_config(''authstore.own_rows'', pg_catalog.concat_ws(E''\n'', nullif(current_setting(''authstore.own_rows'', true), ''''), '
        || '(SELECT %L || pg_catalog.count(*) || %L FROM %s AS c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s AS p WHERE %s) '
        || 'HAVING pg_catalog.count(*) > 0)), true)',
        'the foreign key ' || k.conname::text || ' of ' || k.conrelid::regclass::text || ' cannot be added again: ',
        ' rows refer to no row of ' || t."table" || '; change or delete them',
        -- A foreign key does not hold for the rows of tables that inherit from its own.
        CASE r.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || k.conrelid::regclass, n."is_set",
        k.confrelid::regclass, n."is_equal"
    )
FROM "actual_table" AS t
JOIN pg_constraint AS k ON k.confrelid = t."oid" AND k.contype = 'f'
LEFT JOIN "changing_id" AS c ON c."oid" = t."oid" AND c."number" = k.confkey[1]
CROSS JOIN
    LATERAL (
        SELECT
            pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', x.attname), ' AND '),
            pg_catalog.string_agg(pg_catalog.format('p.%I = c.%I', y.attname, x.attname), ' AND ')
        FROM unnest(k.conkey, k.confkey) AS m ("from", "to")
        JOIN pg_attribute AS x ON x.attrelid = k.conrelid AND x.attnum = m."from"
        JOIN pg_attribute AS y ON y.attrelid = k.confrelid AND y.attnum = m."to"
    ) AS n ("is_set", "is_equal")
JOIN pg_class AS r ON r.oid = k.conrelid AND r.relkind IN ('r', 'p')
WHERE (c."oid" IS NOT NULL OR k.conindid IN (SELECT d."index" FROM "dropped" AS d))
    AND k.conparentid = 0
    AND k.convalidated
    AND k.oid NOT IN (SELECT u."constraint" FROM "user_foreign_key" AS u)
UNION ALL
SELECT DISTINCT
    pg_catalog.format(
        'SELECT set_config(''authstore.own_rows'', pg_catalog.concat_ws(E''\n'', nullif(current_setting(''authstore.own_rows'', true), ''''), '
        || '(SELECT %L || pg_catalog.count(*) || %L FROM %s WHERE %I::text !~* ''^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'' '
        || 'HAVING pg_catalog.count(*) > 0)), true)',
        k.conrelid::regclass::text || '.' || o.attname::text || ' becomes uuid, but ', ' rows have something else; change or delete them',
        k.conrelid::regclass, o.attname
    )
FROM "changing_id" AS c
JOIN pg_constraint AS k ON k.confrelid = c."oid" AND k.contype = 'f' AND k.conparentid = 0 AND k.confkey[1] = c."number"
JOIN pg_attribute AS o ON o.attrelid = k.conrelid AND o.attnum = k.conkey[1]
WHERE k.oid NOT IN (SELECT u."constraint" FROM "user_foreign_key" AS u);
