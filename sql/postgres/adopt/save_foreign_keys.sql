-- The application's own foreign keys to an id whose type changes, or to a key that is replaced by that of the schema: they
-- are added again at the end, as are the comments on foreign keys.
SELECT
    k.oid AS "constraint",
    c."oid" IS NOT NULL AS "becomes_uuid",
    pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
    || coalesce(
        pg_catalog.format('; COMMENT ON CONSTRAINT %I ON %s IS ', k.conname, k.conrelid::regclass)
        || pg_catalog.quote_literal(obj_description(k.oid, 'pg_constraint')), ''
    ) AS "statement"
FROM "actual_table" AS t
JOIN pg_constraint AS k ON k.confrelid = t."oid" AND k.contype = 'f'
LEFT JOIN "changing_id" AS c ON c."oid" = t."oid" AND c."number" = k.confkey[1]
WHERE (c."oid" IS NOT NULL OR k.conindid IN (SELECT d."index" FROM "dropped" AS d))
    AND k.conparentid = 0
    AND k.oid NOT IN (SELECT u."constraint" FROM "user_foreign_key" AS u)
UNION ALL
SELECT
    NULL,
    false,
    pg_catalog.format('COMMENT ON CONSTRAINT %I ON %I IS %L', k.conname, t."table", obj_description(k.oid, 'pg_constraint'))
FROM "actual_table" AS t
JOIN pg_constraint AS k ON k.conrelid = t."oid" AND k.contype = 'f' AND k.conname = t."table" || '_userId_fkey'
WHERE t."table" IN ('Account', 'Session', 'Authenticator')
    AND obj_description(k.oid, 'pg_constraint') IS NOT NULL;
