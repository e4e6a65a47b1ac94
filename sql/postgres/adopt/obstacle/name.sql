-- Names that the schema needs, but that belong to something else.
WITH
    "wanted" ("table", "name", "kind", "column") AS (
        VALUES
        ('User', 'User', 'table', NULL),
        ('User', 'User_pkey', 'key', NULL),
        ('User', 'User_email_key', 'key', NULL),
        ('Account', 'Account', 'table', NULL),
        ('Account', 'Account_pkey', 'key', NULL),
        ('Account', 'Account_provider_providerAccountId_key', 'key', NULL),
        ('Account', 'Account_userId_fkey', 'foreign key', NULL),
        ('Account', 'Account_userId_idx', 'index', 'userId'),
        ('Session', 'Session', 'table', NULL),
        ('Session', 'Session_pkey', 'key', NULL),
        ('Session', 'Session_sessionToken_key', 'key', NULL),
        ('Session', 'Session_userId_fkey', 'foreign key', NULL),
        ('Session', 'Session_userId_idx', 'index', 'userId'),
        ('Session', 'Session_expires_idx', 'index', 'expires'),
        ('VerificationToken', 'VerificationToken', 'table', NULL),
        ('VerificationToken', 'VerificationToken_pkey', 'key', NULL),
        ('VerificationToken', 'VerificationToken_expires_idx', 'index', 'expires'),
        ('VerificationToken', 'VerificationToken_identifier_idx', 'index', 'identifier'),
        ('Authenticator', 'Authenticator', 'table', NULL),
        ('Authenticator', 'Authenticator_pkey', 'key', NULL),
        ('Authenticator', 'Authenticator_credentialID_key', 'key', NULL),
        ('Authenticator', 'Authenticator_userId_fkey', 'foreign key', NULL),
        ('authstore_challenge', 'authstore_challenge', 'table', NULL),
        ('authstore_challenge', 'authstore_challenge_pkey', 'key', NULL),
        ('authstore_challenge', 'authstore_challenge_expires_idx', 'index', 'expires'),
        ('authstore_session_details', 'authstore_session_details', 'table', NULL),
        ('authstore_session_details', 'authstore_session_details_pkey', 'key', NULL),
        ('authstore_authenticator_details', 'authstore_authenticator_details', 'table', NULL),
        ('authstore_authenticator_details', 'authstore_authenticator_details_pkey', 'key', NULL),
        ('authstore_adoption', 'authstore_adoption', 'own', NULL)
    ),

    -- A table that is missing is created in the current schema.
    "place" ("table", "name", "kind", "oid", "number", "schema") AS (
        SELECT
            w."table", w."name", w."kind", t.oid, c.attnum, coalesce(t.relnamespace, to_regnamespace(pg_catalog.quote_ident(current_schema())))
        FROM "wanted" AS w
        LEFT JOIN pg_class AS t ON t.oid = to_regclass(pg_catalog.quote_ident(w."table")) AND w."kind" <> 'own'
        LEFT JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attname = w."column"
    )

SELECT
    'the name ' || w."name" || ' is needed, but belongs to ' || pg_describe_object('pg_class'::regclass, c.oid, 0)
    || '; rename that first'
FROM "place" AS w
JOIN pg_class AS c ON c.relname = w."name" AND c.relnamespace = w."schema"
WHERE CASE w."kind"
    WHEN 'own' THEN true
    WHEN 'key' THEN NOT EXISTS (
        SELECT 1
        FROM pg_index AS i
        WHERE i.indexrelid = c.oid AND i.indrelid = w."oid" AND (i.indisunique OR i.indisexclusion)
    )
    WHEN 'index' THEN NOT EXISTS (
        SELECT 1
        FROM pg_index AS i
        JOIN pg_class AS b ON b.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = b.relam AND m.amname = 'btree'
        WHERE i.indrelid = w."oid" AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = w."number"
    )
    ELSE false
END

UNION ALL
SELECT
    'the name ' || w."name" || ' is needed, but belongs to ' || pg_describe_object('pg_type'::regclass, y.oid, 0)
    || '; rename that first'
FROM "place" AS w
JOIN pg_type AS y ON y.typname = w."name" AND y.typnamespace = w."schema" AND y.typrelid = 0
WHERE w."kind" IN ('table', 'own')
    AND w."oid" IS NULL

UNION ALL
SELECT
    'the name ' || w."name" || ' is needed, but belongs to ' || pg_describe_object('pg_constraint'::regclass, k.oid, 0)
    || '; rename that first'
FROM "place" AS w
JOIN pg_constraint AS k ON k.conrelid = w."oid" AND k.conname = w."name"
WHERE (w."kind" = 'key' AND k.contype NOT IN ('p', 'u', 'x'))
    OR (
        w."kind" = 'foreign key'
        AND NOT (
            k.contype = 'f'
            AND k.confrelid = to_regclass('"User"')
            AND EXISTS (
                SELECT 1
                FROM pg_attribute AS c
                WHERE c.attrelid = k.conrelid AND c.attname = 'userId' AND k.conkey = ARRAY[c.attnum]
            )
            AND EXISTS (
                SELECT 1
                FROM pg_attribute AS c
                WHERE c.attrelid = k.confrelid AND c.attname = 'id' AND k.confkey = ARRAY[c.attnum]
            )
        )
    );
