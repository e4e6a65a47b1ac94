UPDATE `Authenticator` SET `counter` = ?
WHERE
    `credentialID` = ? AND `userId` = ? AND `providerAccountId` = ? AND `credentialPublicKey` = ? AND `counter` = ?
    AND `credentialDeviceType` = ? AND `credentialBackedUp` = ? AND `transports` <=> ?;
