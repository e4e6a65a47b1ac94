-- What has to be added again at the end, kept in a table so that a run that was killed is finished by the next one.
CREATE TABLE IF NOT EXISTS `authstore_adoption` (
    `name` varchar(255) NOT NULL,
    `statement` mediumtext NOT NULL,
    PRIMARY KEY (`name`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
