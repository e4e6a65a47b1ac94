SELECT CONCAT(
    'an account of the user ', COALESCE(`userId`, '(NULL)'),
    ' lacks its type, provider or provider account id, or has one that is too long'
)
FROM `Account`
WHERE COALESCE(CHAR_LENGTH(`type`), 256) > 255
    OR COALESCE(CHAR_LENGTH(`provider`), 256) > 255
    OR COALESCE(CHAR_LENGTH(`providerAccountId`), 1365) > 1364;
