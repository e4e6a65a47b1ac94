-- Begins each query about keys: those of the schema, those that exist, which of these are used, and which are dropped.
WITH RECURSIVE
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
        SELECT t."name", to_regclass(pg_catalog.quote_ident(t."name"))
        FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
        WHERE to_regclass(pg_catalog.quote_ident(t."name")) IS NOT NULL
    ),

    -- With NULLS NOT DISTINCT (PostgreSQL 15), a second row with NULL in an extra column is rejected.
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
            coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
        FROM "actual_table" AS t
        JOIN pg_index AS i ON i.indrelid = t."oid" AND (i.indisunique OR i.indisexclusion)
        JOIN pg_class AS c ON c.oid = i.indexrelid
        LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.conrelid = t."oid" AND k.contype IN ('p', 'u', 'x')
    ),

    -- If there are several on the same columns, one is used.
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
    ),

    -- The ids of the schema whose type changes. A column with that name in another table is the application's own.
    "changing_id" ("oid", "number") AS (
        SELECT t."oid", c.attnum
        FROM "actual_table" AS t
        JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attname = 'id'
        WHERE t."table" IN ('User', 'Account', 'Session')
            AND c.atttypid <> 'uuid'::regtype
    ),

    -- The foreign keys that are the schema's, or that it replaces. All others are the application's own.
    "user_foreign_key" ("table", "constraint") AS (
        SELECT t."table", k.oid
        FROM "actual_table" AS t
        JOIN pg_constraint AS k ON k.conrelid = t."oid" AND k.contype = 'f' AND k.confrelid = to_regclass('"User"')
        JOIN pg_attribute AS c ON c.attrelid = k.conrelid AND c.attnum = k.conkey[1] AND c.attname = 'userId'
        JOIN pg_attribute AS p ON p.attrelid = k.confrelid AND p.attnum = k.confkey[1] AND p.attname = 'id'
        WHERE t."table" IN ('Account', 'Session', 'Authenticator')
            AND pg_catalog.cardinality(k.conkey) = 1
    )
