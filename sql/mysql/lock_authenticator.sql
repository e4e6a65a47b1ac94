SELECT
    `credentialID`, `userId`, `providerAccountId`, `credentialPublicKey`, `counter`, `credentialDeviceType`,
    `credentialBackedUp`, `transports`
FROM `Authenticator`
WHERE `credentialID` = ?
FOR UPDATE;
