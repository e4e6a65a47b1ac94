CREATE TABLE IF NOT EXISTS `VerificationToken` (
    `identifier` varchar(255) NOT NULL,
    `token` varchar(255) NOT NULL,
    `expires` datetime(3) NOT NULL,
    PRIMARY KEY (`token`),
    KEY `VerificationToken_expires_idx` (`expires`),
    KEY `VerificationToken_identifier_idx` (`identifier`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_0900_bin;
