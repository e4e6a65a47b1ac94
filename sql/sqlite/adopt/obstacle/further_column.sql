WITH "known" ("table", "columns") AS (
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
    k."table" || ' has a further column, ' || c."name"
    || ', which would be lost: move it to a table of your own that refers to ' || k."table"
FROM "known" AS k
JOIN sqlite_schema AS t ON t."type" = 'table' AND t."name" = k."table"
JOIN pragma_table_xinfo(k."table") AS c
WHERE instr(k."columns", ',' || c."name" || ',') = 0;
