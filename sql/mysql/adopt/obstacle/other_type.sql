-- Columns of a type that cannot be converted safely.
WITH
    known AS (
        SELECT 'User.id,Account.id,Account.userId,Session.id,Session.userId,Authenticator.userId' AS cols, 'char,varchar,tinytext,text,mediumtext,longtext,uuid' AS types, 'char(36)' AS wanted
        UNION ALL SELECT 'User.emailVerified,Session.expires,VerificationToken.expires', 'datetime,timestamp', 'datetime(3), in UTC'
        UNION ALL SELECT 'Account.expires_at,Authenticator.counter', 'tinyint,smallint,mediumint,int,bigint', 'bigint'
        UNION ALL SELECT 'Authenticator.credentialBackedUp', 'tinyint,smallint,mediumint,int,bigint', 'tinyint(1)'
        UNION ALL SELECT 'User.name,User.email,User.image,Account.type,Account.provider,Account.providerAccountId,Account.refresh_token,Account.access_token,Account.token_type,Account.scope,Account.id_token,Account.session_state,Account.oauth_token_secret,Account.oauth_token,Session.sessionToken,VerificationToken.identifier,VerificationToken.token,Authenticator.credentialID,Authenticator.providerAccountId,Authenticator.credentialPublicKey,Authenticator.credentialDeviceType,Authenticator.transports', 'char,varchar,tinytext,text,mediumtext,longtext,enum', 'a string'
    ),

    actual_table AS (
        SELECT k.tbl, t.TABLE_NAME AS name
        FROM (
            SELECT 'User' AS tbl
            UNION ALL SELECT 'Account'
            UNION ALL SELECT 'Session'
            UNION ALL SELECT 'VerificationToken'
            UNION ALL SELECT 'Authenticator'
        ) AS k
        JOIN
            information_schema.TABLES AS t
            ON t.TABLE_SCHEMA = DATABASE()
                AND IF(@@lower_case_table_names = 0, t.TABLE_NAME = BINARY k.tbl, LOWER(t.TABLE_NAME) = LOWER(k.tbl))
    )

SELECT CONCAT(t.tbl, '.', c.COLUMN_NAME, ' is ', c.COLUMN_TYPE, ', whose values cannot be converted safely; change it to ', k.wanted)
FROM actual_table AS t
JOIN information_schema.COLUMNS AS c ON c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = BINARY t.name
JOIN known AS k ON FIND_IN_SET(CONCAT(t.tbl, '.', c.COLUMN_NAME), k.cols)
WHERE NOT FIND_IN_SET(c.DATA_TYPE, k.types);
