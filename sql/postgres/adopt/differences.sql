-- The differences from the schema, as text for people.
, -- More of the WITH in with_keys.sql.
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

    "expected_constraint" ("table", "name", "definition", "words") AS (
        VALUES
        ('User', 'User_pkey', 'PRIMARY KEY (id)', 'allows several rows with the same id'),
        ('User', 'User_email_key', 'UNIQUE (email)', 'allows several rows with the same email'),
        ('Account', 'Account_pkey', 'PRIMARY KEY (id)', 'allows several rows with the same id'),
        (
            'Account', 'Account_userId_fkey', 'FOREIGN KEY ("userId") REFERENCES "User"(id) ON DELETE CASCADE',
            'does not refer to User with ON DELETE CASCADE'
        ),
        (
            'Account', 'Account_provider_providerAccountId_key', 'UNIQUE (provider, "providerAccountId")',
            'allows several rows with the same provider and providerAccountId'
        ),
        ('Session', 'Session_pkey', 'PRIMARY KEY (id)', 'allows several rows with the same id'),
        (
            'Session', 'Session_userId_fkey', 'FOREIGN KEY ("userId") REFERENCES "User"(id) ON DELETE CASCADE',
            'does not refer to User with ON DELETE CASCADE'
        ),
        (
            'Session', 'Session_sessionToken_key', 'UNIQUE ("sessionToken")',
            'allows several rows with the same sessionToken'
        ),
        (
            'VerificationToken', 'VerificationToken_pkey', 'PRIMARY KEY (token)',
            'has no primary key, or allows several rows with the same token'
        ),
        (
            'Authenticator', 'Authenticator_pkey', 'PRIMARY KEY ("userId", "credentialID")',
            'allows several rows with the same userId and credentialID'
        ),
        (
            'Authenticator', 'Authenticator_userId_fkey',
            'FOREIGN KEY ("userId") REFERENCES "User"(id) ON DELETE CASCADE',
            'does not refer to User with ON DELETE CASCADE'
        ),
        (
            'Authenticator', 'Authenticator_credentialID_key', 'UNIQUE ("credentialID")',
            'allows several rows with the same credentialID'
        )
    ),

    "expected_index" ("table", "column") AS (
        VALUES
        ('Account', 'userId'),
        ('Session', 'userId'),
        ('Session', 'expires'),
        ('VerificationToken', 'expires'),
        ('VerificationToken', 'identifier')
    ),

    "actual_column" ("table", "column", "type", "required", "collation", "default") AS (
        SELECT
            t."table", c.attname::text, format_type(c.atttypid, c.atttypmod), c.attnotnull, l.collname::text,
            pg_get_expr(d.adbin, d.adrelid)
        FROM "actual_table" AS t
        JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attnum > 0 AND NOT c.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
        LEFT JOIN pg_collation AS l ON l.oid = c.attcollation
    )

SELECT DISTINCT 'the table ' || e."table" || ' is missing' AS "text"
FROM "expected_column" AS e
WHERE NOT EXISTS (SELECT 1 FROM "actual_table" AS a WHERE a."table" = e."table")

UNION ALL
SELECT e."table" || '.' || e."column" || ' is missing'
FROM "expected_column" AS e
JOIN "actual_table" AS t ON t."table" = e."table"
WHERE NOT EXISTS (
    SELECT 1 FROM "actual_column" AS a WHERE a."table" = e."table" AND a."column" = e."column"
)

UNION ALL
SELECT
    e."table" || '.' || e."column" || ' is ' || a."type" || ' instead of ' || e."type"
    || CASE WHEN a."type" LIKE '%without time zone' THEN '; its times are interpreted as UTC' ELSE '' END
FROM "expected_column" AS e
JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
WHERE a."type" <> e."type"

UNION ALL
SELECT
    e."table" || '.' || e."column" || ' compares strings by the collation ' || coalesce(a."collation", '(none)')
    || ' instead of bytewise'
FROM "expected_column" AS e
JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
WHERE e."collation" <> coalesce(a."collation", '')

UNION ALL
SELECT
    e."table" || '.' || e."column"
    || CASE WHEN e."required" THEN ' is nullable, but must be NOT NULL' ELSE ' is NOT NULL, but must be nullable' END
FROM "expected_column" AS e
JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
WHERE a."required" <> e."required"

UNION ALL
SELECT a."table" || '.id has no default that creates a UUID, but Auth.js inserts rows without an id'
FROM "actual_column" AS a
WHERE a."table" IN ('User', 'Account', 'Session')
    AND a."column" = 'id'
    AND coalesce(a."default", '') <> 'gen_random_uuid()'

UNION ALL
SELECT
    a."table" || '.' || a."column" || ' has the default ' || a."default"
    || CASE a."column"
        WHEN 'emailVerified' THEN ', which marks new addresses as verified although no one verified them'
        ELSE ', but must have none'
    END
FROM "expected_column" AS e
JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
WHERE e."column" <> 'id'
    AND a."default" IS NOT NULL

UNION ALL
SELECT e."table" || ' ' || e."words"
FROM "expected_constraint" AS e
JOIN "actual_table" AS t ON t."table" = e."table"
WHERE NOT EXISTS (
    SELECT 1
    FROM pg_constraint AS k
    WHERE k.conrelid = t."oid"
        AND k.conname = e."name"
        AND k.convalidated
        AND pg_get_constraintdef(k.oid) = e."definition"
)

UNION ALL
SELECT e."table" || '.' || e."column" || ' has no index'
FROM "expected_index" AS e
JOIN "actual_table" AS t ON t."table" = e."table"
JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attname = e."column"
WHERE NOT EXISTS (
    SELECT 1
    FROM pg_index AS i
    JOIN pg_class AS b ON b.oid = i.indexrelid
    JOIN pg_am AS m ON m.oid = b.relam AND m.amname = 'btree'
    WHERE i.indrelid = t."oid" AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = c.attnum
)

UNION ALL
SELECT 'the column of the foreign key ' || k.conname::text || ' of ' || k.conrelid::regclass::text || ' will become uuid too'
FROM "changing_id" AS c
JOIN pg_constraint AS k ON k.confrelid = c."oid" AND k.contype = 'f' AND k.conparentid = 0 AND k.confkey[1] = c."number"
WHERE k.oid NOT IN (SELECT u."constraint" FROM "user_foreign_key" AS u)

UNION ALL
SELECT 'the key ' || d."name" || ' of ' || d."table" || ' will be replaced by the key of the schema'
FROM "dropped" AS d

UNION ALL
SELECT 'the foreign key ' || k.conname::text || ' of ' || u."table" || ' will be replaced by the foreign key of the schema'
FROM "user_foreign_key" AS u
JOIN pg_constraint AS k ON k.oid = u."constraint" AND k.conname <> u."table" || '_userId_fkey'

UNION ALL
SELECT u."kind" || u."name" || ' of ' || t."table" || ' will run for each row that gets an id'
FROM "actual_table" AS t
JOIN
    pg_attribute AS c
    ON c.attrelid = t."oid"
        AND c.attname = 'id'
        AND NOT c.attisdropped
        AND NOT c.attnotnull
        AND c.atttypid = 'uuid'::regtype
CROSS JOIN
    LATERAL (
        -- UPDATE triggers (16) of any column or of this one, for each row or each statement.
        SELECT 'the trigger ', g.tgname
        FROM pg_trigger AS g
        WHERE g.tgrelid = t."oid"
            AND NOT g.tgisinternal
            AND g.tgtype & 16 <> 0
            AND g.tgenabled IN ('O', 'A')
            AND (pg_catalog.cardinality(g.tgattr::int2[]) = 0 OR c.attnum = ANY(g.tgattr))
        UNION ALL
        SELECT 'the rule ', r.rulename
        FROM pg_rewrite AS r
        WHERE r.ev_class = t."oid" AND r.ev_type = '2' AND r.ev_enabled IN ('O', 'A')
    ) AS u ("kind", "name")
WHERE t."table" IN ('Account', 'Session');
