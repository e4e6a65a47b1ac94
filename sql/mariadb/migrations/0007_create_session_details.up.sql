CREATE TABLE IF NOT EXISTS `authstore_session_details` (
    `session_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `began` datetime(3),
    `last_seen` datetime(3),
    `ip` mediumtext,
    `user_agent` mediumtext,
    PRIMARY KEY (`session_id`),
    CONSTRAINT `authstore_session_details_session_id_fkey` FOREIGN KEY (`session_id`)
    REFERENCES `Session` (`id`) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
