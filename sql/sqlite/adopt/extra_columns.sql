-- Returns statements that add the application's own columns, with their defaults and foreign keys. The tables are still
-- empty, so any default is accepted.
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

    "referred" ("table", "column", "clause") AS (
        SELECT
            k."table", f."from",
            ' REFERENCES "' || replace(f."table", '"', '""') || '"'
            || coalesce(' ("' || replace(f."to", '"', '""') || '")', '') || ' ON DELETE ' || f."on_delete"
            || ' ON UPDATE ' || f."on_update"
        FROM "known" AS k
        JOIN pragma_foreign_key_list('authstore_adopted_' || k."table") AS f
        GROUP BY k."table", f."id"
        HAVING count(*) = 1
    )

SELECT
    'ALTER TABLE "' || k."table" || '" ADD COLUMN "' || replace(c."name", '"', '""') || '"'
    -- A type may be any name. ANY converts values in a table that is not STRICT, and no type does not.
    || CASE
        WHEN c."type" = '' OR (l."strict" AND c."type" = 'ANY' COLLATE NOCASE) THEN ''
        ELSE ' "' || replace(c."type", '"', '""') || '"'
    END
    || CASE
        WHEN c."dflt_value" IS NULL THEN ''
        -- A name is a string here, whether or not it is quoted, but a column in parentheses.
        WHEN substr(c."dflt_value", 1, 1) IN ('"', '`', '[')
            OR c."dflt_value" NOT GLOB '*[^A-Za-z0-9_$' || char(128) || '-' || char(1114111) || ']*'
            THEN ' DEFAULT ' || c."dflt_value"
        -- It may end with a comment.
        ELSE ' DEFAULT (' || c."dflt_value" || char(10) || ')'
    END
    || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END
    || coalesce(
        (
            SELECT group_concat(r."clause", '')
            FROM "referred" AS r
            WHERE r."table" = k."table" AND r."column" = c."name" COLLATE NOCASE
        ),
        ''
    )
FROM "known" AS k
JOIN pragma_table_list AS l ON l."schema" = 'main' AND l."name" = 'authstore_adopted_' || k."table"
JOIN pragma_table_xinfo('authstore_adopted_' || k."table") AS c
WHERE instr(k."columns", ',' || c."name" || ',') = 0;
