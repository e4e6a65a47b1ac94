CREATE TABLE IF NOT EXISTS `authstore_authenticator_details` (
    `credential_id` varchar(1364) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `name` mediumtext,
    `created` datetime(3),
    `last_used` datetime(3),
    PRIMARY KEY (`credential_id`),
    CONSTRAINT `authstore_authenticator_details_credential_id_fkey` FOREIGN KEY (`credential_id`)
    REFERENCES `Authenticator` (`credentialID`) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
