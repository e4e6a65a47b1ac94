-- The lease is a row of the history table that belongs to no series; its time is the end of the lease. Takes a lease
-- that has ended, and renews our own.
INSERT INTO `authstore_migration` (`series`, `version`, `name`, `checksum`, `applied_at`)
VALUES ('', 0, ?, '', UTC_TIMESTAMP(3) + INTERVAL 15 SECOND)
ON DUPLICATE KEY UPDATE
    `name` = IF(`applied_at` < UTC_TIMESTAMP(3), VALUES(`name`), `name`),
    `applied_at` = IF(`name` = VALUES(`name`), VALUES(`applied_at`), `applied_at`);
