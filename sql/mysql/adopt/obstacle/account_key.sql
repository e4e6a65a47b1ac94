SELECT CONCAT(
    'an account of the user ', COALESCE(`userId`, '(NULL)'),
    ' lacks its type, provider or provider account id, or has one of more than 255 characters'
)
FROM `Account`
WHERE COALESCE(CHAR_LENGTH(`type`), 256) > 255
    OR COALESCE(CHAR_LENGTH(`provider`), 256) > 255
    OR COALESCE(CHAR_LENGTH(`providerAccountId`), 256) > 255;
