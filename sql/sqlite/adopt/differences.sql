-- The differences from the schema, as text for people.
WITH
    "expected_column" ("table", "column", "type", "required") AS (
        VALUES
        ('User', 'id', 'text', 1),
        ('User', 'name', 'text', 0),
        ('User', 'email', 'text', 0),
        ('User', 'emailVerified', 'text', 0),
        ('User', 'image', 'text', 0),
        ('Account', 'id', 'text', 1),
        ('Account', 'userId', 'text', 1),
        ('Account', 'type', 'text', 1),
        ('Account', 'provider', 'text', 1),
        ('Account', 'providerAccountId', 'text', 1),
        ('Account', 'refresh_token', 'text', 0),
        ('Account', 'access_token', 'text', 0),
        ('Account', 'expires_at', 'bigint', 0),
        ('Account', 'token_type', 'text', 0),
        ('Account', 'scope', 'text', 0),
        ('Account', 'id_token', 'text', 0),
        ('Account', 'session_state', 'text', 0),
        ('Account', 'oauth_token_secret', 'text', 0),
        ('Account', 'oauth_token', 'text', 0),
        ('Session', 'id', 'text', 1),
        ('Session', 'userId', 'text', 1),
        ('Session', 'sessionToken', 'text', 1),
        ('Session', 'expires', 'text', 1),
        ('VerificationToken', 'identifier', 'text', 1),
        ('VerificationToken', 'token', 'text', 1),
        ('VerificationToken', 'expires', 'text', 1),
        ('Authenticator', 'credentialID', 'text', 1),
        ('Authenticator', 'userId', 'text', 1),
        ('Authenticator', 'providerAccountId', 'text', 1),
        ('Authenticator', 'credentialPublicKey', 'text', 1),
        ('Authenticator', 'counter', 'bigint', 1),
        ('Authenticator', 'credentialDeviceType', 'text', 1),
        ('Authenticator', 'credentialBackedUp', 'integer', 1),
        ('Authenticator', 'transports', 'text', 0)
    ),

    "expected_uniqueness" ("table", "columns") AS (
        VALUES
        ('User', 'id'),
        ('User', 'email'),
        ('Account', 'id'),
        ('Account', 'provider,providerAccountId'),
        ('Session', 'id'),
        ('Session', 'sessionToken'),
        ('VerificationToken', 'token'),
        ('Authenticator', 'credentialID'),
        ('Authenticator', 'userId,credentialID')
    ),

    "expected_index" ("table", "column") AS (
        VALUES
        ('Account', 'userId'),
        ('Session', 'userId'),
        ('Session', 'expires'),
        ('VerificationToken', 'expires'),
        ('VerificationToken', 'identifier'),
        ('Authenticator', 'userId')
    ),

    "known" ("table") AS (
        VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')
    ),

    "actual_table" ("table", "strict", "without_rowid") AS (
        SELECT k."table", l."strict", l."wr"
        FROM "known" AS k
        JOIN sqlite_schema AS t ON t."type" = 'table' AND t."name" = k."table" COLLATE NOCASE
        JOIN pragma_table_list AS l ON l."schema" = 'main' AND l."name" = t."name"
    ),

    "actual_column" ("table", "column", "type", "required", "default") AS (
        SELECT t."table", c."name", c."type", c."notnull", c."dflt_value"
        FROM "actual_table" AS t
        JOIN pragma_table_info(t."table") AS c
    ),

    "actual_index" ("table", "index", "unique", "partial", "columns", "binary", "has_extra") AS (
        SELECT
            t."table", i."name", i."unique" AND NOT i."partial", i."partial",
            group_concat(x."name", ',' ORDER BY x."seqno"), min(x."coll" = 'BINARY'),
            max(NOT EXISTS (SELECT 1 FROM "expected_column" AS e WHERE e."table" = t."table" AND e."column" = x."name"))
        FROM "actual_table" AS t
        JOIN pragma_index_list(t."table") AS i
        JOIN pragma_index_xinfo(i."name") AS x
        WHERE x."key"
        GROUP BY t."table", i."name"
    )

SELECT DISTINCT 'the table ' || e."table" || ' is missing'
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
    e."table" || '.' || e."column" || ' is declared '
    || CASE a."type" WHEN '' THEN 'without a type' ELSE 'as ' || a."type" END || ' instead of ' || e."type"
FROM "expected_column" AS e
JOIN "actual_column" AS a ON a."table" = e."table" AND a."column" = e."column"
WHERE lower(a."type") <> e."type"

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
    AND replace(replace(replace(coalesce(a."default", ''), char(13), ''), char(10), ''), ' ', '')
    <> 'lower(hex(randomblob(4))||''-''||hex(randomblob(2))||''-4''||substr(hex(randomblob(2)),2)||''-''||'
    || 'substr(''89ab'',1+(random()&3),1)||substr(hex(randomblob(2)),2)||''-''||hex(randomblob(6)))'

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
SELECT t."table" || ' is STRICT, and will no longer be'
FROM "actual_table" AS t
WHERE t."strict"

UNION ALL
SELECT t."table" || ' is WITHOUT ROWID, and will no longer be'
FROM "actual_table" AS t
WHERE t."without_rowid"

UNION ALL
SELECT
    'the foreign key of ' || t."table" || ' on ' || group_concat(k."from", ' and ') || ' to ' || k."table"
    || ' will be dropped'
FROM "actual_table" AS t
JOIN pragma_foreign_key_list(t."table") AS k
GROUP BY t."table", k."id"
HAVING count(*) > 1
    OR NOT (
        (max(k."from") = 'userId' AND k."table" = 'User' COLLATE NOCASE)
        OR max(k."from" NOT IN (SELECT e."column" FROM "expected_column" AS e WHERE e."table" = t."table"))
    )

UNION ALL
SELECT e."table" || ' allows several rows with the same ' || replace(e."columns", ',', ' and ')
FROM "expected_uniqueness" AS e
JOIN "actual_table" AS t ON t."table" = e."table"
WHERE NOT EXISTS (
    SELECT 1
    FROM "actual_index" AS a
    WHERE a."table" = e."table" AND a."unique" AND a."columns" = e."columns" AND a."binary"
)

UNION ALL
SELECT a."table" || ' does not allow several rows with the same ' || replace(a."columns", ',', ' and ') || ', but must'
FROM "actual_index" AS a
WHERE a."unique"
    AND NOT a."has_extra"
    -- Unless it contains all columns of a key of the schema.
    AND NOT EXISTS (
        SELECT 1
        FROM "expected_uniqueness" AS e
        JOIN pragma_index_xinfo(a."index") AS x ON x."key" AND instr(',' || e."columns" || ',', ',' || x."name" || ',')
        WHERE e."table" = a."table"
        GROUP BY e."columns"
        HAVING count(*) = length(e."columns") - length(replace(e."columns", ',', '')) + 1
            AND (e."columns" = a."columns" OR min(x."coll" = 'BINARY'))
    )

UNION ALL
SELECT e."table" || '.' || e."column" || ' has no index'
FROM "expected_index" AS e
JOIN "actual_table" AS t ON t."table" = e."table"
WHERE NOT EXISTS (
    SELECT 1
    FROM "actual_index" AS a
    WHERE a."table" = e."table" AND NOT a."partial" AND a."columns" || ',' LIKE e."column" || ',%'
)

UNION ALL
SELECT t."table" || '.userId does not refer to User.id with ON DELETE CASCADE'
FROM "actual_table" AS t
WHERE t."table" IN ('Account', 'Session', 'Authenticator')
    AND NOT EXISTS (
        SELECT 1
        FROM pragma_foreign_key_list(t."table") AS k
        WHERE k."from" = 'userId'
            AND k."table" = 'User' COLLATE NOCASE
            AND coalesce(k."to", 'id') = 'id'
            AND k."on_delete" = 'CASCADE'
    );
