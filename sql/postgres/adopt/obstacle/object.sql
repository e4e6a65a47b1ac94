-- Objects that cannot stay unchanged, so the operator has to decide about them.
, -- More of the WITH in with_keys.sql.
    "known" ("table", "columns") AS (
        VALUES
        ('User', ARRAY['id', 'name', 'email', 'emailVerified', 'image']),
        (
            'Account',
            ARRAY[
                'id', 'userId', 'type', 'provider', 'providerAccountId', 'refresh_token', 'access_token', 'expires_at',
                'token_type', 'scope', 'id_token', 'session_state', 'oauth_token_secret', 'oauth_token'
            ]
        ),
        ('Session', ARRAY['id', 'userId', 'sessionToken', 'expires']),
        ('VerificationToken', ARRAY['identifier', 'token', 'expires']),
        (
            'Authenticator',
            ARRAY[
                'credentialID', 'userId', 'providerAccountId', 'credentialPublicKey', 'counter', 'credentialDeviceType',
                'credentialBackedUp', 'transports'
            ]
        )
    ),

    "expected_column" ("table", "column", "type", "required", "collation") AS (
        VALUES
        ('User', 'id', 'uuid', true, NULL),
        ('User', 'name', 'text', false, NULL),
        ('User', 'email', 'text', false, 'C'),
        ('User', 'emailVerified', 'timestamp(3) with time zone', false, NULL),
        ('User', 'image', 'text', false, NULL),
        ('Account', 'id', 'uuid', true, NULL),
        ('Account', 'userId', 'uuid', true, NULL),
        ('Account', 'type', 'text', true, NULL),
        ('Account', 'provider', 'text', true, 'C'),
        ('Account', 'providerAccountId', 'text', true, 'C'),
        ('Account', 'refresh_token', 'text', false, NULL),
        ('Account', 'access_token', 'text', false, NULL),
        ('Account', 'expires_at', 'bigint', false, NULL),
        ('Account', 'token_type', 'text', false, NULL),
        ('Account', 'scope', 'text', false, NULL),
        ('Account', 'id_token', 'text', false, NULL),
        ('Account', 'session_state', 'text', false, NULL),
        ('Account', 'oauth_token_secret', 'text', false, NULL),
        ('Account', 'oauth_token', 'text', false, NULL),
        ('Session', 'id', 'uuid', true, NULL),
        ('Session', 'userId', 'uuid', true, NULL),
        ('Session', 'sessionToken', 'text', true, 'C'),
        ('Session', 'expires', 'timestamp(3) with time zone', true, NULL),
        ('VerificationToken', 'identifier', 'text', true, 'C'),
        ('VerificationToken', 'token', 'text', true, 'C'),
        ('VerificationToken', 'expires', 'timestamp(3) with time zone', true, NULL),
        ('Authenticator', 'credentialID', 'text', true, 'C'),
        ('Authenticator', 'userId', 'uuid', true, NULL),
        ('Authenticator', 'providerAccountId', 'text', true, 'C'),
        ('Authenticator', 'credentialPublicKey', 'text', true, NULL),
        ('Authenticator', 'counter', 'bigint', true, NULL),
        ('Authenticator', 'credentialDeviceType', 'text', true, NULL),
        ('Authenticator', 'credentialBackedUp', 'boolean', true, NULL),
        ('Authenticator', 'transports', 'text', false, NULL)
    ),

    "actual_column" ("table", "column", "type", "required", "collation", "default") AS (
        SELECT
            t."table", c.attname::text, format_type(c.atttypid, c.atttypmod), c.attnotnull, l.collname::text,
            pg_get_expr(d.adbin, d.adrelid)
        FROM "actual_table" AS t
        JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attnum > 0 AND NOT c.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
        LEFT JOIN pg_collation AS l ON l.oid = c.attcollation
    ),

    -- Columns whose type or collation changes. No other object may depend on them.
    "changing" ("table", "oid", "column", "number") AS (
        SELECT t."table", t."oid", a."column", c.attnum
        FROM "expected_column" AS e
        JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
        JOIN "actual_table" AS t ON t."table" = e."table"
        JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attname = e."column"
        WHERE a."type" <> e."type"
            OR e."collation" <> coalesce(a."collation", '')
        UNION
        SELECT k.conrelid::regclass::text, k.conrelid, c.attname::text, c.attnum
        FROM "changing_id" AS p
        JOIN pg_constraint AS k ON k.confrelid = p."oid" AND k.contype = 'f' AND k.conparentid = 0 AND k.confkey[1] = p."number"
        JOIN pg_attribute AS c ON c.attrelid = k.conrelid AND c.attnum = k.conkey[1]
        WHERE k.oid NOT IN (SELECT u."constraint" FROM "user_foreign_key" AS u)
    ),

    -- The columns of the application's own, and the userIds.
    "becoming_uuid" ("table", "oid", "column", "number") AS (
        SELECT c."table", c."oid", c."column", c."number"
        FROM "changing" AS c
        WHERE NOT EXISTS (
            SELECT 1
            FROM "expected_column" AS e
            WHERE e."table" = c."table" AND e."column" = c."column" AND (e."type" <> 'uuid' OR e."column" = 'id')
        )
    ),

    -- The types that contain a row of a table of which a column changes.
    "row_type" ("table", "type") AS (
        SELECT c."table", y.oid
        FROM "changing" AS c
        JOIN pg_type AS y ON y.typrelid = c."oid"
        UNION
        SELECT w."table", CASE WHEN d.classid = 'pg_type'::regclass THEN d.objid ELSE r.reltype END
        FROM "row_type" AS w
        JOIN pg_depend AS d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = w."type"
        LEFT JOIN pg_class AS r ON d.classid = 'pg_class'::regclass AND r.oid = d.objid AND r.relkind = 'c'
        WHERE d.classid = 'pg_type'::regclass OR r.oid IS NOT NULL
    )

SELECT t."table" || ' is not an ordinary table (' || pg_describe_object('pg_class'::regclass, c.oid, 0) || '); adopt needs an ordinary table'
FROM "actual_table" AS t
JOIN pg_class AS c ON c.oid = t."oid"
WHERE c.relkind <> 'r' OR c.relispartition OR c.reloftype <> 0

UNION ALL
SELECT t."table" || ' takes part in inheritance, with ' || CASE WHEN h.inhrelid = t."oid" THEN h.inhparent ELSE h.inhrelid END::regclass::text || '; remove the inheritance first'
FROM "actual_table" AS t
JOIN pg_inherits AS h ON t."oid" IN (h.inhrelid, h.inhparent)

UNION ALL
SELECT t."table" || ' belongs to the role ' || pg_get_userbyid(c.relowner) || '; run adopt as that role'
FROM "actual_table" AS t
JOIN pg_class AS c ON c.oid = t."oid"
WHERE NOT pg_has_role(c.relowner, 'USAGE')

UNION ALL
SELECT t."table" || ' has row security forced on its owner, which may hide rows from adopt; run ALTER TABLE ' || pg_catalog.quote_ident(t."table") || ' NO FORCE ROW LEVEL SECURITY first'
FROM "actual_table" AS t
JOIN pg_class AS c ON c.oid = t."oid"
WHERE c.relrowsecurity AND c.relforcerowsecurity

UNION ALL
SELECT t."table" || '.' || c.attname::text || ' is a generated or identity column; make it an ordinary column first'
FROM "actual_table" AS t
JOIN "known" AS k ON k."table" = t."table"
JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attname::text = ANY(k."columns")
WHERE c.attgenerated <> '' OR c.attidentity <> ''

UNION ALL
SELECT
    k."table" || ' has an extra column, ' || c.attname::text
    || ', which is NOT NULL without a default; allow NULL, or add a default'
FROM "known" AS k
JOIN "actual_table" AS t ON t."table" = k."table"
JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attnum > 0 AND NOT c.attisdropped
WHERE c.attname::text <> ALL(k."columns")
    AND c.attnotnull
    AND NOT c.atthasdef
    AND c.attidentity = ''

UNION ALL
SELECT
    'the key ' || a."name" || ' of ' || a."table" || ' rejects rows with the same '
    || pg_catalog.array_to_string(a."columns", ' and ') || ', which the schema allows; drop it first'
FROM "actual_key" AS a
JOIN "known" AS k ON k."table" = a."table"
WHERE (coalesce(a."definition", '') LIKE 'PRIMARY KEY%' AND NOT a."columns" <@ k."columns")
    OR (
        NOT EXISTS (
            SELECT 1
            FROM "expected_key" AS e
            WHERE e."table" = a."table" AND (e."name" = a."name" OR (a."is_plain" AND a."columns" = e."columns"))
        )
        AND coalesce(a."definition", '') NOT LIKE 'PRIMARY KEY%'
        AND NOT EXISTS (
            SELECT 1
            FROM pg_attribute AS c
            WHERE c.attrelid = a."oid"
                AND c.attname::text = ANY(a."columns")
                AND c.attname::text <> ALL(k."columns")
                AND (c.attidentity <> '' OR (NOT c.attnotnull AND NOT c.atthasdef AND NOT a."nulls_are_equal"))
        )
        -- It rejects nothing that a key of the schema on some of its columns allows.
        AND NOT (
            a."is_usable"
            AND NOT a."nulls_are_equal"
            AND coalesce(a."definition", '') NOT LIKE 'EXCLUDE%'
            AND EXISTS (SELECT 1 FROM "expected_key" AS e WHERE e."table" = a."table" AND e."columns" <@ a."columns")
        )
    )

UNION ALL
SELECT DISTINCT
    pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on ' || c."table" || '.' || c."column"
    || ', whose type or collation changes; drop it first, and create it again afterwards'
FROM "changing" AS c
JOIN
    pg_depend AS d
    ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c."oid" AND d.refobjsubid = c."number" AND d.deptype IN ('n', 'a')
LEFT JOIN pg_attrdef AS f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
WHERE d.classid IN (
    'pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_publication_rel'::regclass,
    'pg_proc'::regclass
)
    OR (d.classid = 'pg_attrdef'::regclass AND f.adnum <> c."number")

-- Expressions that were written for strings, or for times without a zone, do not work for ids, or for times with one.
-- Nor do collations, and access methods that have no operators for ids.
UNION ALL
SELECT DISTINCT
    pg_describe_object(d.classid, d.objid, 0) || ' uses ' || c."table" || '.' || c."column"
    || ' in an expression, and its type changes; drop it, and create it again afterwards'
FROM "changing" AS c
JOIN pg_attribute AS n ON n.attrelid = c."oid" AND n.attnum = c."number"
JOIN
    pg_depend AS d
    ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c."oid" AND d.refobjsubid = c."number"
LEFT JOIN pg_index AS i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
LEFT JOIN pg_constraint AS k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid AND k.contype = 'c'
LEFT JOIN pg_statistic_ext AS x ON d.classid = 'pg_statistic_ext'::regclass AND x.oid = d.objid
WHERE CASE
    WHEN n.atttypid = 'timestamp'::regtype THEN (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND n.attnum <> ALL(i.indkey)
    WHEN n.atttypid <> 'uuid'::regtype AND c."column" NOT IN (
        SELECT e."column" FROM "expected_column" AS e WHERE e."table" = c."table" AND e."type" <> 'uuid'
    )
        THEN coalesce(n.attnum <> ALL(x.stxkeys), false)
        OR k.oid IS NOT NULL
        OR ((i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND n.attnum <> ALL(i.indkey))
        OR EXISTS (
            SELECT 1
            FROM unnest(i.indkey, i.indclass, i.indcollation) AS p ("number", "class", "collation")
            JOIN pg_opclass AS o ON o.oid = p."class"
            WHERE p."number" = n.attnum
                AND (
                    NOT o.opcdefault
                    OR p."collation" <> n.attcollation
                    OR NOT EXISTS (
                        SELECT 1
                        FROM pg_opclass AS u
                        WHERE u.opcmethod = o.opcmethod AND u.opcdefault AND u.opcintype = 'uuid'::regtype
                    )
                )
        )
    ELSE false
END

UNION ALL
SELECT DISTINCT
    'the column ' || o.attname::text || ' of ' || o.attrelid::regclass::text || ' has the row type of ' || w."table"
    || ', of which a column changes; drop it, and add it again afterwards'
FROM "row_type" AS w
JOIN
    pg_depend AS d
    ON d.refclassid = 'pg_type'::regclass AND d.refobjid = w."type" AND d.classid = 'pg_class'::regclass AND d.objsubid > 0
JOIN pg_attribute AS o ON o.attrelid = d.objid AND o.attnum = d.objsubid AND NOT o.attisdropped
JOIN pg_class AS r ON r.oid = o.attrelid AND r.relkind IN ('r', 'p', 'm')

UNION ALL
SELECT
    'the foreign key ' || k.conname::text || ' of ' || k.conrelid::regclass::text || ' refers to the id of ' || t."table"
    || ' together with other columns; drop it first, and add it again afterwards'
FROM "actual_table" AS t
JOIN pg_constraint AS k ON k.confrelid = t."oid" AND k.contype = 'f' AND pg_catalog.cardinality(k.confkey) > 1
JOIN "changing" AS c ON c."oid" = t."oid" AND c."column" = 'id' AND c."number" = ANY(k.confkey)

UNION ALL
SELECT DISTINCT
    'the foreign key ' || k.conname::text || ' of ' || c."table" || ' is on ' || c."column"
    || ', whose type changes; drop it first'
FROM "changing" AS c
JOIN pg_constraint AS k ON k.conrelid = c."oid" AND k.contype = 'f' AND k.conparentid = 0 AND c."number" = ANY(k.conkey)
LEFT JOIN "expected_column" AS e ON e."table" = c."table" AND e."column" = c."column"
WHERE coalesce(e."type", 'uuid') = 'uuid'
    AND NOT EXISTS (
        SELECT 1
        FROM "actual_table" AS t
        JOIN pg_attribute AS p ON p.attrelid = t."oid" AND p.attname = 'id'
        WHERE t."table" IN ('User', 'Account', 'Session')
            AND k.confrelid = t."oid"
            AND k.confkey = ARRAY[p.attnum]
    )

UNION ALL
SELECT DISTINCT
    'the foreign key ' || k.conname::text || ' of ' || k.conrelid::regclass::text || ' refers to ' || c."table" || '.' || c."column"
    || ', which becomes uuid; drop it first'
FROM "becoming_uuid" AS c
JOIN pg_constraint AS k ON k.confrelid = c."oid" AND k.contype = 'f' AND k.conparentid = 0 AND c."number" = ANY(k.confkey)

UNION ALL
SELECT DISTINCT
    'the foreign key ' || k.conname::text || ' of ' || k.conrelid::regclass::text
    || ' has disabled triggers, which would be enabled; drop it first, and add it again afterwards'
FROM "becoming_uuid" AS c
JOIN pg_constraint AS k ON k.conrelid = c."oid" AND k.contype = 'f' AND c."number" = ANY(k.conkey)
JOIN pg_trigger AS g ON g.tgconstraint = k.oid AND g.tgenabled <> 'O'

UNION ALL
SELECT
    c."table" || '.' || c."column" || ' refers to an id, which becomes uuid, but is ' || p."kind" || '; change that first'
FROM "becoming_uuid" AS c
JOIN pg_attribute AS n ON n.attrelid = c."oid" AND n.attnum = c."number"
JOIN pg_type AS y ON y.oid = n.atttypid
JOIN pg_class AS r ON r.oid = c."oid"
CROSS JOIN
    LATERAL (
        SELECT 'of the domain ' || format_type(n.atttypid, n.atttypmod) WHERE y.typtype = 'd'
        UNION ALL
        SELECT 'generated' WHERE n.attgenerated <> ''
        UNION ALL
        SELECT 'inherited from another table' WHERE n.attinhcount > 0
        UNION ALL
        SELECT 'part of the partition key'
        FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass
            AND d.refclassid = 'pg_class'::regclass
            AND d.objid = c."oid"
            AND d.refobjid = c."oid"
            AND d.objsubid = c."number"
            AND d.refobjsubid = 0
            AND d.deptype = 'i'
    ) AS p ("kind")

UNION ALL
SELECT
    t."table" || ' has its replica identity in the key ' || i.indexrelid::regclass::text || ' on a column that becomes nullable; '
    || 'run ALTER TABLE ' || pg_catalog.quote_ident(t."table") || ' REPLICA IDENTITY DEFAULT first'
FROM "actual_table" AS t
JOIN pg_index AS i ON i.indrelid = t."oid" AND i.indisreplident
JOIN "expected_column" AS e ON e."table" = t."table" AND NOT e."required"
JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attname = e."column" AND c.attnum = ANY(i.indkey)

UNION ALL
SELECT
    t."table" || ' is unlogged, but logged tables refer to it; run ALTER TABLE ' || pg_catalog.quote_ident(t."table")
    || ' SET LOGGED first'
FROM "actual_table" AS t
JOIN pg_class AS c ON c.oid = t."oid"
WHERE c.relpersistence = 'u'
    AND t."table" IN ('User', 'Session', 'Authenticator')

UNION ALL
SELECT
    'the role ' || current_user || ' may not create tables in the schema ' || s."name" || '; run GRANT CREATE ON SCHEMA '
    || pg_catalog.quote_ident(s."name") || ' TO ' || pg_catalog.quote_ident(current_user) || ' first'
FROM (SELECT current_schema()::text) AS s ("name")
WHERE NOT has_schema_privilege(s."name", 'CREATE');
