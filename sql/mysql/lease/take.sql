-- The lease is a row of the history table that belongs to no series; its time is the end of the lease. Takes a lease
-- that has ended. This must not compare names: in MariaDB, VALUES(`name`) is the old name once `name` was assigned, because
-- it is a text, and so whoever waits would renew the lease of another.
INSERT INTO `authstore_migration` (`series`, `version`, `name`, `checksum`, `applied_at`)
VALUES ('', 0, ?, '', UTC_TIMESTAMP(3) + INTERVAL 15 SECOND)
ON DUPLICATE KEY UPDATE
    `name` = IF(`applied_at` < UTC_TIMESTAMP(3), VALUES(`name`), `name`),
    `applied_at` = IF(`applied_at` < UTC_TIMESTAMP(3), VALUES(`applied_at`), `applied_at`);
