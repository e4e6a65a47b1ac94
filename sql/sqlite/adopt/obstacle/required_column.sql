-- Extra columns that are NOT NULL without a default: they make every sign-up fail, even if nothing else differs.
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
    )

SELECT
    k."table" || ' has an extra column, ' || c."name"
    || ', which is NOT NULL without a default; allow NULL, or add a default'
FROM "known" AS k
JOIN sqlite_schema AS t ON t."type" = 'table' AND t."name" = k."table" COLLATE NOCASE
JOIN pragma_table_xinfo(t."name") AS c
WHERE instr(k."columns", ',' || c."name" || ',') = 0
    AND c."notnull"
    AND c."dflt_value" IS NULL
    AND c."hidden" = 0;
