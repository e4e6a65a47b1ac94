CREATE TABLE IF NOT EXISTS `Authenticator` (
    `credentialID` varchar(1364) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `userId` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `providerAccountId` varchar(1364) NOT NULL,
    `credentialPublicKey` mediumtext NOT NULL,
    `counter` bigint NOT NULL,
    `credentialDeviceType` mediumtext NOT NULL,
    `credentialBackedUp` tinyint(1) NOT NULL,
    `transports` mediumtext,
    PRIMARY KEY (`userId`, `credentialID`),
    UNIQUE KEY `Authenticator_credentialID_key` (`credentialID`),
    CONSTRAINT `Authenticator_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `User` (`id`) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_0900_bin;
