-- What depends on a key that is dropped for one of the schema. A foreign key is dropped with it and added again.
WITH
    "expected_key" ("table", "name", "definition", "columns") AS (
        VALUES
        ('User', 'User_pkey', 'PRIMARY KEY (id)', ARRAY['id']),
        ('User', 'User_email_key', 'UNIQUE (email)', ARRAY['email']),
        ('Account', 'Account_pkey', 'PRIMARY KEY (id)', ARRAY['id']),
        (
            'Account', 'Account_provider_providerAccountId_key', 'UNIQUE (provider, "providerAccountId")',
            ARRAY['provider', 'providerAccountId']
        ),
        ('Session', 'Session_pkey', 'PRIMARY KEY (id)', ARRAY['id']),
        ('Session', 'Session_sessionToken_key', 'UNIQUE ("sessionToken")', ARRAY['sessionToken']),
        ('VerificationToken', 'VerificationToken_pkey', 'PRIMARY KEY (token)', ARRAY['token']),
        (
            'Authenticator', 'Authenticator_pkey', 'PRIMARY KEY ("userId", "credentialID")',
            ARRAY['userId', 'credentialID']
        ),
        ('Authenticator', 'Authenticator_credentialID_key', 'UNIQUE ("credentialID")', ARRAY['credentialID'])
    ),

    "actual_table" ("table", "oid") AS (
        SELECT t."name", to_regclass(quote_ident(t."name"))
        FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
        WHERE to_regclass(quote_ident(t."name")) IS NOT NULL
    ),

    -- A unique index becomes a constraint only if it sorts as a new one would. Its collation follows that of its column.
    "actual_key" (
        "table", "oid", "name", "index", "constraint", "columns", "definition", "is_plain", "is_usable", "nulls_are_equal"
    ) AS (
        SELECT
            t."table", t."oid", c.relname::text, i.indexrelid, k.oid,
            ARRAY(
                SELECT coalesce(n.attname::text, '(expression)')
                FROM unnest(i.indkey) WITH ORDINALITY AS p ("number", "position")
                LEFT JOIN pg_attribute AS n ON n.attrelid = i.indrelid AND n.attnum = p."number" AND p."number" > 0
                WHERE p."position" <= i.indnkeyatts
                ORDER BY p."position"
            ),
            pg_get_constraintdef(k.oid), i.indpred IS NULL AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts,
            i.indisvalid
            AND NOT EXISTS (
                SELECT 1
                FROM unnest(i.indkey, i.indoption, i.indclass, i.indcollation) AS p ("number", "option", "class", "collation")
                JOIN pg_opclass AS o ON o.oid = p."class"
                JOIN pg_attribute AS n ON n.attrelid = i.indrelid AND n.attnum = p."number"
                WHERE p."option" <> 0
                    OR NOT o.opcdefault
                    OR p."collation" NOT IN (n.attcollation, '"C"'::regcollation)
            ),
            coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
        FROM "actual_table" AS t
        JOIN pg_index AS i ON i.indrelid = t."oid" AND (i.indisunique OR i.indisexclusion)
        JOIN pg_class AS c ON c.oid = i.indexrelid
        LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.conrelid = t."oid" AND k.contype IN ('p', 'u', 'x')
    ),

    -- Of several on the same columns, one is used.
    "used" ("table", "wanted", "name", "is_constraint") AS (
        SELECT DISTINCT ON (e."table", e."name")
            e."table", e."name", a."name", a."definition" IS NOT NULL
        FROM "expected_key" AS e
        JOIN "actual_key" AS a ON a."table" = e."table"
        WHERE a."definition" = e."definition"
            OR (
                a."definition" IS NULL
                AND a."is_plain"
                AND a."is_usable"
                AND NOT a."nulls_are_equal"
                AND a."columns" = e."columns"
                AND e."definition" LIKE 'UNIQUE%'
            )
        ORDER BY e."table", e."name", a."name" <> e."name", a."definition" IS NULL, a."name"
    ),

    "dropped" ("table", "oid", "name", "index", "constraint", "columns") AS (
        SELECT a."table", a."oid", a."name", a."index", a."constraint", a."columns"
        FROM "actual_key" AS a
        WHERE NOT EXISTS (SELECT 1 FROM "used" AS u WHERE u."table" = a."table" AND u."name" = a."name")
            AND EXISTS (
                SELECT 1
                FROM "expected_key" AS e
                WHERE e."table" = a."table"
                    AND (
                        e."name" = a."name"
                        OR (a."definition" LIKE 'PRIMARY KEY%' AND e."definition" LIKE 'PRIMARY KEY%')
                        OR (a."is_plain" AND a."columns" = e."columns")
                    )
            )
    )

SELECT DISTINCT
    pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on the key ' || k."name" || ' of ' || k."table"
    || ', which is replaced by that of the schema; drop it, and create it again afterwards'
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
    'the foreign key ' || f.conname || ' of ' || f.conrelid::regclass::text || ' refers to the key ' || k."name" || ' of '
    || k."table" || ', for which the schema has none; drop it first'
FROM "dropped" AS k
JOIN pg_constraint AS f ON f.contype = 'f' AND f.conindid = k."index" AND f.conparentid = 0
WHERE NOT EXISTS (
    SELECT 1 FROM "expected_key" AS e WHERE e."table" = k."table" AND e."columns" @> k."columns" AND e."columns" <@ k."columns"
)

UNION ALL
SELECT DISTINCT
    'the foreign key ' || f.conname || ' of ' || f.conrelid::regclass::text || ' has to be added again, and its table belongs to '
    || 'the role ' || pg_get_userbyid(c.relowner) || '; run adopt as a member of that role'
FROM "actual_table" AS t
JOIN pg_constraint AS f ON f.contype = 'f' AND f.confrelid = t."oid" AND f.conparentid = 0
JOIN pg_attribute AS p ON p.attrelid = t."oid" AND p.attnum = f.confkey[1]
JOIN pg_class AS c ON c.oid = f.conrelid
WHERE NOT pg_has_role(c.relowner, 'USAGE')
    AND ((p.attname = 'id' AND p.atttypid <> 'uuid'::regtype) OR f.conindid IN (SELECT k."index" FROM "dropped" AS k))

UNION ALL
SELECT
    k."table" || ' has its replica identity in the key ' || k."name" || ', which is replaced by that of the schema; run '
    || 'ALTER TABLE ' || quote_ident(k."table") || ' REPLICA IDENTITY DEFAULT first'
FROM "dropped" AS k
JOIN pg_index AS i ON i.indexrelid = k."index" AND i.indisreplident;
