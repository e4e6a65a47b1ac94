CREATE TABLE IF NOT EXISTS `authstore_migration` (
    `series` varchar(255) NOT NULL,
    `version` bigint NOT NULL,
    `name` text NOT NULL,
    `checksum` text NOT NULL,
    `applied_at` datetime(3) NOT NULL,
    PRIMARY KEY (`series`, `version`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
