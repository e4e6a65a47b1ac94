-- What depends on a key that is dropped for one of the schema. A foreign key is dropped with it and added again.
SELECT DISTINCT
    pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on the key ' || k."name" || ' of ' || k."table"
    || ', which is replaced by the schema''s key; drop it, and create it again afterwards'
FROM "dropped" AS k
JOIN
    pg_depend AS d
    ON d.deptype = 'n'
        AND (
            (d.refclassid = 'pg_constraint'::regclass AND d.refobjid = k."constraint")
            OR (d.refclassid = 'pg_class'::regclass AND d.refobjid = k."index")
        )
WHERE NOT (
    d.classid = 'pg_constraint'::regclass
    AND EXISTS (SELECT 1 FROM pg_constraint AS f WHERE f.oid = d.objid AND f.contype = 'f')
)

UNION ALL
SELECT
    'the foreign key ' || f.conname::text || ' of ' || f.conrelid::regclass::text || ' refers to the key ' || k."name" || ' of '
    || k."table" || ', for which the schema has none; drop it first'
FROM "dropped" AS k
JOIN pg_constraint AS f ON f.contype = 'f' AND f.conindid = k."index" AND f.conparentid = 0
WHERE NOT EXISTS (
    SELECT 1 FROM "expected_key" AS e WHERE e."table" = k."table" AND e."columns" @> k."columns" AND e."columns" <@ k."columns"
)

UNION ALL
SELECT DISTINCT
    'the foreign key ' || f.conname::text || ' of ' || f.conrelid::regclass::text || ' has to be added again, and its table belongs to '
    || 'the role ' || pg_get_userbyid(c.relowner) || '; run adopt as a member of that role'
FROM "actual_table" AS t
JOIN pg_constraint AS f ON f.contype = 'f' AND f.confrelid = t."oid" AND f.conparentid = 0
LEFT JOIN "changing_id" AS p ON p."oid" = t."oid" AND p."number" = f.confkey[1]
JOIN pg_class AS c ON c.oid = f.conrelid
WHERE NOT pg_has_role(c.relowner, 'USAGE')
    AND (p."oid" IS NOT NULL OR f.conindid IN (SELECT k."index" FROM "dropped" AS k))

UNION ALL
SELECT
    k."table" || ' has its replica identity in the key ' || k."name" || ', which is replaced by the schema''s key; run '
    || 'ALTER TABLE ' || pg_catalog.quote_ident(k."table") || ' REPLICA IDENTITY DEFAULT first'
FROM "dropped" AS k
JOIN pg_index AS i ON i.indexrelid = k."index" AND i.indisreplident;
