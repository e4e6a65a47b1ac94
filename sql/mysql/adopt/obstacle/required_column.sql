-- Extra columns that are NOT NULL without a default: they make every sign-up fail, even if nothing else differs.
WITH known AS (
    SELECT 'User' AS tbl, 'id,name,email,emailVerified,image' AS cols
    UNION ALL SELECT 'Account', 'id,userId,type,provider,providerAccountId,refresh_token,access_token,expires_at,token_type,scope,id_token,session_state,oauth_token_secret,oauth_token,providerAccountIdHash'
    UNION ALL SELECT 'Session', 'id,userId,sessionToken,expires'
    UNION ALL SELECT 'VerificationToken', 'identifier,token,expires'
    UNION ALL SELECT 'Authenticator', 'credentialID,userId,providerAccountId,credentialPublicKey,counter,credentialDeviceType,credentialBackedUp,transports'
)

SELECT CONCAT(
    k.tbl, ' has an extra column, ', c.COLUMN_NAME,
    ', which is NOT NULL without a default; allow NULL, or add a default'
)
FROM known AS k
JOIN
    information_schema.COLUMNS AS c
    ON c.TABLE_SCHEMA = DATABASE()
        AND IF(@@lower_case_table_names = 0, c.TABLE_NAME = BINARY k.tbl, LOWER(c.TABLE_NAME) = LOWER(k.tbl))
WHERE NOT FIND_IN_SET(c.COLUMN_NAME, k.cols)
    AND c.IS_NULLABLE = 'NO'
    AND NULLIF(c.COLUMN_DEFAULT, 'NULL') IS NULL
    AND COALESCE(c.GENERATION_EXPRESSION, '') = ''
    AND c.EXTRA NOT LIKE '%auto_increment%'
    AND c.EXTRA NOT LIKE '%DEFAULT_GENERATED%';
