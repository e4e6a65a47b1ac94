-- Saves the application's own indexes and triggers, which are dropped with the old tables. A UNIQUE constraint becomes
-- an index.
CREATE TABLE "authstore_adoption" AS
SELECT s."type", s."name", s."sql" AS "statement"
FROM sqlite_schema AS s
WHERE s."type" IN ('index', 'trigger')
    AND s."sql" IS NOT NULL
    AND s."tbl_name" COLLATE NOCASE IN ('User', 'Account', 'Session', 'VerificationToken', 'Authenticator')
    AND NOT (
        s."type" = 'index'
        AND s."name" COLLATE NOCASE IN (
            'Account_userId_idx', 'Session_userId_idx', 'Session_expires_idx', 'VerificationToken_expires_idx',
            'VerificationToken_identifier_idx'
        )
    )
UNION ALL
SELECT
    'index', u."name",
    'CREATE UNIQUE INDEX "' || u."wanted"
    -- If the name is taken, a number makes it unique.
    || CASE
        WHEN row_number() OVER (PARTITION BY lower(u."wanted") ORDER BY u."name") > 1
            OR EXISTS (SELECT 1 FROM sqlite_schema AS o WHERE o."name" = replace(u."wanted", '""', '"') COLLATE NOCASE)
            THEN '_' || replace(u."name", 'sqlite_autoindex_', '')
        ELSE ''
    END
    || '" ON "' || u."table" || '" (' || u."columns" || ')'
FROM (
    SELECT
        i."name", t."name" AS "table",
        t."name" || '_' || replace(group_concat(x."name", '_' ORDER BY x."seqno"), '"', '""') || '_key' AS "wanted",
        group_concat('"' || replace(x."name", '"', '""') || '" COLLATE ' || x."coll", ', ' ORDER BY x."seqno") AS "columns"
    FROM (
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
    ) AS k
    JOIN sqlite_schema AS t ON t."type" = 'table' AND t."name" = k."column1" COLLATE NOCASE
    JOIN pragma_index_list(t."name") AS i ON i."unique" AND i."origin" = 'u'
    JOIN pragma_index_xinfo(i."name") AS x ON x."key"
    GROUP BY t."name", i."name"
    HAVING max(instr(k."column2", ',' || x."name" || ',') = 0)
        -- Or all columns of a key of the schema and another one.
        OR (
            count(*) > 1
            AND max(
                x."coll" = 'BINARY'
                AND (t."name" || '.' || x."name") COLLATE NOCASE IN (
                    'User.id', 'User.email', 'Account.id', 'Session.id', 'Session.sessionToken', 'VerificationToken.token',
                    'Authenticator.credentialID'
                )
            )
        )
        OR (
            count(*) > 2
            AND sum(
                x."coll" = 'BINARY'
                AND (t."name" || '.' || x."name") COLLATE NOCASE IN ('Account.provider', 'Account.providerAccountId')
            ) = 2
        )
) AS u;

-- The parts in which a table is copied: see parts.sql.
CREATE TABLE "authstore_adoption_part" ("table" text NOT NULL, "first" integer NOT NULL);
