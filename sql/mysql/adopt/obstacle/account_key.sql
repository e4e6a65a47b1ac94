-- A providerAccountId of more than 255 characters is a credential id, of visible ASCII characters.
SELECT CONCAT(
    'an account of the user ', COALESCE(IF(`userId` REGEXP '^[0-9A-Za-z_-]+$', `userId`, '(not shown)'), '(NULL)'),
    ' has a type, provider or providerAccountId that is missing, too long or contains a NUL character'
)
FROM `Account`
WHERE `type` IS NULL OR CHAR_LENGTH(`type`) > 255 OR INSTR(CAST(`type` AS binary), X'00') > 0
    OR `provider` IS NULL OR CHAR_LENGTH(`provider`) > 255 OR INSTR(CAST(`provider` AS binary), X'00') > 0
    OR `providerAccountId` IS NULL OR CHAR_LENGTH(`providerAccountId`) > 1364
    OR (
        CHAR_LENGTH(`providerAccountId`) > 255
        AND HEX(CONVERT(`providerAccountId` USING utf8mb4)) NOT REGEXP '^(2[1-9A-F]|[3-6][0-9A-F]|7[0-9A-E])+$'
    )
    OR INSTR(CAST(`providerAccountId` AS binary), X'00') > 0
LIMIT 100;
