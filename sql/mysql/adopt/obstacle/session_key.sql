SELECT CONCAT(
    'a session of the user ', COALESCE(`userId`, '(NULL)'),
    ' lacks its token or its expiry, or has a token of more than 255 characters'
)
FROM `Session`
WHERE COALESCE(CHAR_LENGTH(`sessionToken`), 256) > 255 OR `expires` IS NULL;
