CREATE TABLE IF NOT EXISTS `User` (
    `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT (uuid()),
    `name` mediumtext,
    `email` varchar(255),
    `emailVerified` datetime(3),
    `image` mediumtext,
    PRIMARY KEY (`id`),
    UNIQUE KEY `User_email_key` (`email`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
