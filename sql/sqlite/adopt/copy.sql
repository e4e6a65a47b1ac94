-- Returns one statement for each part of a table, with the columns that the table has. A row without an id gets one:
-- nothing refers to it. Times are written in the format of JavaScript's toISOString, truncated to milliseconds first,
-- because strftime rounds. Rows keep their rowid, which the application's own tables may refer to.
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

    "copied" ("table", "column", "expression") AS (
        SELECT
            k."table", '"' || replace(c."name", '"', '""') || '"',
            CASE
                WHEN k."table" || '.' || c."name" IN ('Account.id', 'Session.id') THEN
                    'coalesce("id", lower(hex(randomblob(4)) || ''-'' || hex(randomblob(2)) || ''-4'' || substr(hex(randomblob(2)), 2)
            || ''-'' || substr(''89ab'', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || ''-'' || hex(randomblob(6))))'
                WHEN k."table" || '.' || c."name" IN ('User.emailVerified', 'Session.expires', 'VerificationToken.expires') THEN
                    replace(
                        'strftime(''%Y-%m-%dT%H:%M:%fZ'', CASE substr(?, 20, 1) WHEN ''.'' THEN substr(?, 1, 20) || '
                        || 'substr(substr(?, 21, length(?) - 20 - length(ltrim(substr(?, 21), ''0123456789''))), 1, 3) || '
                        || 'ltrim(substr(?, 21), ''0123456789'') ELSE ? END)',
                        '?', '"' || c."name" || '"'
                    )
                ELSE '"' || replace(c."name", '"', '""') || '"'
            END
        FROM "known" AS k
        JOIN pragma_table_xinfo('authstore_adopted_' || k."table") AS c
        UNION ALL
        SELECT k."table", 'rowid', 'rowid'
        FROM "known" AS k
        JOIN pragma_table_list AS l ON l."schema" = 'main' AND l."name" = 'authstore_adopted_' || k."table"
        WHERE NOT l."wr"
            AND NOT EXISTS (
                SELECT 1
                FROM pragma_table_xinfo('authstore_adopted_' || k."table") AS c
                WHERE c."name" = 'rowid' COLLATE NOCASE
            )
    ),

    "statement" ("table", "text") AS (
        SELECT
            "table",
            'INSERT INTO "' || "table" || '" (' || group_concat("column", ', ') || ') SELECT '
            || group_concat("expression", ', ') || ' FROM "authstore_adopted_' || "table" || '"'
        FROM "copied"
        GROUP BY "table"
    ),

    "part" ("table", "first", "next") AS (
        SELECT "table", "first", lead("first") OVER (PARTITION BY "table" ORDER BY "first")
        FROM "authstore_adoption_part"
    )

-- A table without rowids is copied as a whole.
SELECT
    s."text" || coalesce(' WHERE rowid >= ' || p."first", '') || coalesce(' AND rowid < ' || p."next", '')
FROM "statement" AS s
LEFT JOIN "part" AS p ON p."table" = s."table"
ORDER BY s."table", p."first";
