CREATE TABLE IF NOT EXISTS `authstore_challenge` (
    `key` varchar(255) NOT NULL,
    `payload` mediumtext NOT NULL,
    `expires` datetime(3) NOT NULL,
    PRIMARY KEY (`key`),
    KEY `authstore_challenge_expires_idx` (`expires`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_0900_bin;
