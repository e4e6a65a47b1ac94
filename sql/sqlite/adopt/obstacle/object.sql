-- Objects that would be lost, so the operator has to decide about them.
WITH
    "known" ("table", "columns") AS (
        VALUES
        ('User', ',id,name,email,emailVerified,image,'),
        (
            'Account',
            ',id,userId,type,provider,providerAccountId,refresh_token,access_token,expires_at,token_type,scope,id_token,'
            || 'session_state,oauth_token_secret,oauth_token,'
        ),
        ('Session', ',id,userId,sessionToken,expires,'),
        ('VerificationToken', ',identifier,token,expires,'),
        (
            'Authenticator',
            ',credentialID,userId,providerAccountId,credentialPublicKey,counter,credentialDeviceType,credentialBackedUp,'
            || 'transports,'
        )
    ),

    "actual_table" ("table", "columns", "type") AS (
        SELECT k."table", k."columns", t."type"
        FROM "known" AS k
        JOIN sqlite_schema AS t ON t."type" IN ('table', 'view') AND t."name" = k."table" COLLATE NOCASE
    ),

    "actual_column" ("table", "column", "is_known", "is_nullable", "has_default", "hidden") AS (
        SELECT
            t."table", c."name", instr(t."columns", ',' || c."name" || ',') > 0, NOT c."notnull",
            c."dflt_value" IS NOT NULL, c."hidden"
        FROM "actual_table" AS t
        JOIN pragma_table_xinfo(t."table") AS c
    )

SELECT "table" || ' is a view; adopt needs an ordinary table'
FROM "actual_table"
WHERE "type" = 'view'

UNION ALL
SELECT "table" || ' is a virtual table; adopt needs an ordinary table'
FROM "actual_table" AS t
JOIN pragma_table_list AS l ON l."schema" = 'main' AND l."name" = t."table" COLLATE NOCASE
WHERE l."type" = 'virtual'

UNION ALL
SELECT "table" || '.' || "column" || ' is a generated column; make it an ordinary column, or drop it'
FROM "actual_column"
WHERE "hidden" > 1

UNION ALL
SELECT
    "table" || ' has an extra column, ' || "column"
    || ', which is NOT NULL without a default; allow NULL, or add a default'
FROM "actual_column"
WHERE NOT "is_known" AND NOT "is_nullable" AND NOT "has_default" AND "hidden" = 0

UNION ALL
SELECT t."table" || ' has the primary key ' || c."name" || ' instead of that of the schema; make it an ordinary column first'
FROM "actual_table" AS t
JOIN pragma_table_xinfo(t."table") AS c ON c."pk"
WHERE instr(t."columns", ',' || c."name" || ',') = 0

UNION ALL
SELECT
    'the unique index ' || i."name" || ' of ' || t."table"
    || ' rejects rows that the schema allows; drop it first'
FROM "actual_table" AS t
JOIN pragma_index_list(t."table") AS i ON i."unique" AND i."origin" IN ('c', 'u')
JOIN pragma_index_xinfo(i."name") AS x ON x."key"
GROUP BY t."table", i."name"
-- A constraint on our columns alone is dropped with the table.
HAVING (i."origin" = 'c' OR max(instr(t."columns", ',' || x."name" || ',') = 0))
    AND NOT max(
    EXISTS (
        SELECT 1
        FROM "actual_column" AS c
        WHERE c."table" = t."table"
            AND c."column" = x."name"
            AND NOT c."is_known"
            AND c."is_nullable"
            AND NOT c."has_default"
    )
)
    -- It rejects nothing that a key of the schema on some of its columns allows.
    AND NOT max(
        x."coll" = 'BINARY'
        AND t."table" || '.' || coalesce(x."name", '') IN (
            'User.id', 'User.email', 'Account.id', 'Session.id', 'Session.sessionToken', 'VerificationToken.token',
            'Authenticator.credentialID'
        )
    )
    AND sum(
        x."coll" = 'BINARY' AND t."table" || '.' || coalesce(x."name", '') IN ('Account.provider', 'Account.providerAccountId')
    ) < 2

-- SQLite renames no table while any table has such an index. Those of constraints matter for tables that are read.
UNION ALL
SELECT
    'the index ' || i."name" || ' of ' || i."table" || ' compares ' || x."name" || ' by the collation ' || x."coll"
    || ', which only the application has; drop the index, or create the table again without it, first'
FROM (
    SELECT "name", "tbl_name" AS "table" FROM sqlite_schema WHERE "type" = 'index' AND "sql" IS NOT NULL
    UNION ALL
    SELECT l."name", t."table"
    FROM "actual_table" AS t
    JOIN pragma_index_list(t."table") AS l ON l."origin" <> 'c'
) AS i
JOIN pragma_index_xinfo(i."name") AS x ON x."key"
WHERE x."coll" COLLATE NOCASE NOT IN ('BINARY', 'NOCASE', 'RTRIM')

-- SQLite cannot add columns with these names, because they are aliases of the rowid.
UNION ALL
SELECT "table" || ' has an extra column, ' || "column" || ', whose name SQLite does not accept when a column is added; rename it first'
FROM "actual_column"
WHERE "column" COLLATE NOCASE IN ('rowid', 'oid', '_rowid_')

UNION ALL
SELECT
    c."table" || '.' || c."column" || ' is spelled ' || e."value" || ' in the schema; run ALTER TABLE "' || c."table"
    || '" RENAME COLUMN "' || c."column" || '" TO "' || e."value" || '" first'
FROM "actual_column" AS c
JOIN "actual_table" AS t ON t."table" = c."table"
JOIN json_each('["' || replace(trim(t."columns", ','), ',', '","') || '"]') AS e ON e."value" = c."column" COLLATE NOCASE
WHERE e."value" <> c."column"

-- Names that the adoption needs. An index with one of our names is dropped if it is on the table that the schema has it
-- on.
UNION ALL
SELECT
    'the name ' || n."column1" || ' is needed, but belongs to ' || CASE s."type" WHEN 'index' THEN 'an' ELSE 'a' END || ' '
    || s."type" || CASE s."type" WHEN 'index' THEN ' of ' || s."tbl_name" ELSE '' END || '; rename or drop that first'
FROM (
    VALUES
    ('Account_userId_idx', 'Account', 'userId'),
    ('Session_userId_idx', 'Session', 'userId'),
    ('Session_expires_idx', 'Session', 'expires'),
    ('VerificationToken_expires_idx', 'VerificationToken', 'expires'),
    ('VerificationToken_identifier_idx', 'VerificationToken', 'identifier'),
    ('authstore_challenge_expires_idx', 'authstore_challenge', 'expires'),
    ('User', 'table', ''),
    ('Account', 'table', ''),
    ('Session', 'table', ''),
    ('VerificationToken', 'table', ''),
    ('Authenticator', 'table', ''),
    ('authstore_challenge', 'table', ''),
    ('authstore_session_details', 'table', ''),
    ('authstore_authenticator_details', 'table', ''),
    ('authstore_migration', 'table', ''),
    ('authstore_adopted_User', '', ''),
    ('authstore_adopted_Account', '', ''),
    ('authstore_adopted_Session', '', ''),
    ('authstore_adopted_VerificationToken', '', ''),
    ('authstore_adopted_Authenticator', '', ''),
    ('authstore_adoption', '', ''),
    ('authstore_adoption_part', '', '')
) AS n
JOIN sqlite_schema AS s ON s."name" = n."column1" COLLATE NOCASE AND s."type" <> 'trigger'
WHERE NOT (
    s."type" = 'index'
    AND s."tbl_name" = n."column2" COLLATE NOCASE
    AND (
        SELECT group_concat(x."name", ',' ORDER BY x."seqno")
        FROM pragma_index_xinfo(s."name") AS x
        WHERE x."key"
    ) = n."column3"
)
    -- Tables and views with the names of tables are obstacles of other kinds.
    AND NOT (n."column2" = 'table' AND (s."type" = 'table' OR (s."type" = 'view' AND n."column1" <> 'authstore_migration')));
