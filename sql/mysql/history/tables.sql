-- For each of the crate's own tables that exists, the version of the migration that creates it. Whether names are
-- case-sensitive depends on the server.
SELECT `own`.`version`
FROM (
    SELECT 1 AS `version`, 'User' AS `name`
    UNION ALL SELECT 2, 'Account'
    UNION ALL SELECT 3, 'Session'
    UNION ALL SELECT 4, 'VerificationToken'
    UNION ALL SELECT 5, 'Authenticator'
    UNION ALL SELECT 6, 'authstore_challenge'
    UNION ALL SELECT 7, 'authstore_session_details'
    UNION ALL SELECT 8, 'authstore_authenticator_details'
) AS `own`
WHERE EXISTS (
    SELECT 1
    FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE()
        AND CASE @@lower_case_table_names
            WHEN 0 THEN CAST(TABLE_NAME AS BINARY) = CAST(`own`.`name` AS BINARY)
            ELSE LOWER(TABLE_NAME) = LOWER(`own`.`name`)
        END
)
ORDER BY `own`.`version`;
