-- Returns one statement for each table, which changes its columns to those of the schema. Columns that match are not
-- touched, so other objects may depend on them.
WITH
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

    "actual_table" ("table", "oid") AS (
        SELECT t."name", to_regclass(pg_catalog.quote_ident(t."name"))
        FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
        WHERE to_regclass(pg_catalog.quote_ident(t."name")) IS NOT NULL
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

    "clauses" ("table", "clause") AS (
        SELECT
            e."table",
            pg_catalog.format('ADD COLUMN %I %s', e."column", e."type")
            || CASE WHEN e."collation" IS NULL THEN '' ELSE pg_catalog.format(' COLLATE %I', e."collation") END
            || CASE WHEN e."column" = 'id' THEN ' NOT NULL DEFAULT gen_random_uuid()' ELSE '' END
        FROM "expected_column" AS e
        JOIN "actual_table" AS t ON t."table" = e."table"
        WHERE NOT EXISTS (SELECT 1 FROM "actual_column" AS a WHERE a."table" = e."table" AND a."column" = e."column")

        UNION ALL
        SELECT e."table", pg_catalog.format('ALTER COLUMN %I DROP DEFAULT', e."column")
        FROM "expected_column" AS e
        JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
        WHERE a."default" IS NOT NULL
            AND (e."column" <> 'id' OR a."default" <> 'gen_random_uuid()' OR a."type" <> e."type")

        UNION ALL
        SELECT
            e."table",
            pg_catalog.format('ALTER COLUMN %I TYPE %s', e."column", e."type")
            || CASE WHEN e."collation" IS NULL THEN '' ELSE pg_catalog.format(' COLLATE %I', e."collation") END
            || pg_catalog.format(
                CASE
                    -- A row without an id gets one. The NULL id of a user is an obstacle.
                    WHEN e."column" = 'id' THEN ' USING coalesce(%I::text::uuid, gen_random_uuid())'
                    WHEN e."type" = 'uuid' THEN ' USING %I::text::uuid'
                    WHEN a."type" LIKE '%without time zone' THEN
                        ' USING pg_catalog.date_trunc(''milliseconds'', %I) AT TIME ZONE ''UTC'''
                    WHEN e."type" LIKE 'timestamp%' THEN ' USING pg_catalog.date_trunc(''milliseconds'', %I)'
                    WHEN e."type" = 'text' THEN ' USING %I::text'
                    ELSE ''
                END,
                e."column"
            )
        FROM "expected_column" AS e
        JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
        WHERE a."type" <> e."type"
            OR e."collation" <> coalesce(a."collation", '')

        UNION ALL
        SELECT
            e."table",
            pg_catalog.format('ALTER COLUMN %I %s NOT NULL', e."column", CASE WHEN e."required" THEN 'SET' ELSE 'DROP' END)
        FROM "expected_column" AS e
        JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
        WHERE a."required" <> e."required"

        -- A change of the type resets how long values are stored.
        UNION ALL
        SELECT
            e."table",
            pg_catalog.concat_ws(
                ', ',
                CASE n.attstorage
                    WHEN 'p' THEN pg_catalog.format('ALTER COLUMN %I SET STORAGE PLAIN', e."column")
                    WHEN 'e' THEN pg_catalog.format('ALTER COLUMN %I SET STORAGE EXTERNAL', e."column")
                    WHEN 'm' THEN pg_catalog.format('ALTER COLUMN %I SET STORAGE MAIN', e."column")
                END,
                CASE pg_catalog.to_jsonb(n) ->> 'attcompression'
                    WHEN 'p' THEN pg_catalog.format('ALTER COLUMN %I SET COMPRESSION pglz', e."column")
                    WHEN 'l' THEN pg_catalog.format('ALTER COLUMN %I SET COMPRESSION lz4', e."column")
                END
            )
        FROM "expected_column" AS e
        JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
        JOIN "actual_table" AS t ON t."table" = e."table"
        JOIN pg_attribute AS n ON n.attrelid = t."oid" AND n.attname = e."column"
        WHERE e."type" = 'text'
            AND (a."type" <> e."type" OR e."collation" <> coalesce(a."collation", ''))
            AND (n.attstorage <> 'x' OR pg_catalog.to_jsonb(n) ->> 'attcompression' IN ('p', 'l'))

        UNION ALL
        SELECT a."table", 'ALTER COLUMN "id" SET DEFAULT gen_random_uuid()'
        FROM "actual_column" AS a
        WHERE a."column" = 'id'
            AND a."table" IN ('User', 'Account', 'Session')
            AND (coalesce(a."default", '') <> 'gen_random_uuid()' OR a."type" <> 'uuid')
    )

SELECT pg_catalog.format('ALTER TABLE %I %s', "table", pg_catalog.string_agg("clause", ', '))
FROM "clauses"
GROUP BY "table";
