-- An index cannot hold the longest `providerAccountId`, so the unique key holds its hash, in a column that `SELECT *` does
-- not show, and a second index, by which rows are found, its beginning. The hash is stored: to remove deleted rows from an
-- index of a virtual column, MariaDB opens the table again and again until it succeeds, which on a node of a Galera cluster
-- can take all of its memory (seen with 11.8.9, in `open_purge_table`).
CREATE TABLE IF NOT EXISTS `Account` (
    `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT (uuid()),
    `userId` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `type` varchar(255) NOT NULL,
    `provider` varchar(255) NOT NULL,
    `providerAccountId` varchar(1364) NOT NULL,
    `refresh_token` mediumtext,
    `access_token` mediumtext,
    `expires_at` bigint,
    `token_type` mediumtext,
    `scope` mediumtext,
    `id_token` mediumtext,
    `session_state` mediumtext,
    `oauth_token_secret` mediumtext,
    `oauth_token` mediumtext,
    `providerAccountIdHash` binary(32) GENERATED ALWAYS AS (unhex(sha2(`providerAccountId`, 256))) STORED INVISIBLE,
    PRIMARY KEY (`id`),
    UNIQUE KEY `Account_provider_providerAccountId_key` (`provider`, `providerAccountIdHash`),
    KEY `Account_provider_providerAccountId_idx` (`provider`, `providerAccountId`(191)),
    KEY `Account_userId_idx` (`userId`),
    CONSTRAINT `Account_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `User` (`id`) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
