-- Keeps what has to be added again at the end, so that the next run can finish one that was killed.
CREATE TABLE IF NOT EXISTS `authstore_adoption` (
    `name` varchar(255) NOT NULL,
    `statement` mediumtext NOT NULL,
    PRIMARY KEY (`name`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
