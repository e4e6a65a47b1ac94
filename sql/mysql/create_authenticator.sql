INSERT INTO `Authenticator` (
    `credentialID`, `userId`, `providerAccountId`, `credentialPublicKey`, `counter`, `credentialDeviceType`,
    `credentialBackedUp`, `transports`
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);
