SELECT CONCAT('the authenticator ', COALESCE(`credentialID`, '(NULL)'), ' lacks a field, or has one that is too long')
FROM `Authenticator`
WHERE COALESCE(CHAR_LENGTH(`credentialID`), 1365) > 1364
    OR COALESCE(CHAR_LENGTH(`providerAccountId`), 1365) > 1364
    OR `userId` IS NULL
    OR `credentialPublicKey` IS NULL
    OR `counter` IS NULL
    OR `credentialDeviceType` IS NULL
    OR `credentialBackedUp` IS NULL;
