-- A credential id, or a providerAccountId of more than 255 characters, consists of visible ASCII characters.
SELECT CONCAT('an authenticator of the user ', COALESCE(IF(`userId` REGEXP '^[0-9A-Za-z_-]+$', `userId`, '(not shown)'), '(NULL)'), ' has a missing or invalid field')
FROM `Authenticator`
WHERE COALESCE(HEX(CONVERT(`credentialID` USING utf8mb4)), '') NOT REGEXP '^(2[1-9A-F]|[3-6][0-9A-F]|7[0-9A-E])+$'
    OR CHAR_LENGTH(`credentialID`) > 1364
    OR `providerAccountId` IS NULL OR CHAR_LENGTH(`providerAccountId`) > 1364
    OR (
        CHAR_LENGTH(`providerAccountId`) > 255
        AND HEX(CONVERT(`providerAccountId` USING utf8mb4)) NOT REGEXP '^(2[1-9A-F]|[3-6][0-9A-F]|7[0-9A-E])+$'
    )
    OR INSTR(CAST(`providerAccountId` AS binary), X'00') > 0
    OR `userId` IS NULL
    OR `credentialPublicKey` IS NULL
    OR COALESCE(`counter`, -1) NOT BETWEEN 0 AND 9223372036854775807
    OR `credentialDeviceType` IS NULL
    OR COALESCE(`credentialBackedUp`, 2) NOT IN (0, 1)
LIMIT 100;
