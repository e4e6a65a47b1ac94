SELECT CONCAT(
    'a verification token for ', COALESCE(`identifier`, '(NULL)'),
    ' lacks its identifier, its value or its expiry, or has more than 255 characters'
)
FROM `VerificationToken`
WHERE COALESCE(CHAR_LENGTH(`identifier`), 256) > 255
    OR COALESCE(CHAR_LENGTH(`token`), 256) > 255
    OR `expires` IS NULL;
