WITH known AS (
    SELECT 'User' AS tbl, 'id,name,email,emailVerified,image' AS cols
    UNION ALL SELECT 'Account', 'id,userId,type,provider,providerAccountId,refresh_token,access_token,expires_at,token_type,scope,id_token,session_state,oauth_token_secret,oauth_token,providerAccountIdHash'
    UNION ALL SELECT 'Session', 'id,userId,sessionToken,expires'
    UNION ALL SELECT 'VerificationToken', 'identifier,token,expires'
    UNION ALL SELECT 'Authenticator', 'credentialID,userId,providerAccountId,credentialPublicKey,counter,credentialDeviceType,credentialBackedUp,transports'
)

SELECT CONCAT(
    k.tbl, ' has a further column, ', c.COLUMN_NAME,
    ', which would be lost: move it to a table of your own that refers to ', k.tbl
)
FROM known AS k
JOIN information_schema.COLUMNS AS c ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = k.tbl
WHERE FIND_IN_SET(c.COLUMN_NAME, k.cols) = 0;
