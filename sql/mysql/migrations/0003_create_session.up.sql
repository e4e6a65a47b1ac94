CREATE TABLE IF NOT EXISTS `Session` (
    `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT (uuid()),
    `userId` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `sessionToken` varchar(255) NOT NULL,
    `expires` datetime(3) NOT NULL,
    PRIMARY KEY (`id`),
    UNIQUE KEY `Session_sessionToken_key` (`sessionToken`),
    KEY `Session_userId_idx` (`userId`),
    KEY `Session_expires_idx` (`expires`),
    CONSTRAINT `Session_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `User` (`id`) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_0900_bin;
