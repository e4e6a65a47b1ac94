-- A row of the history table, of no series, whose time is the end of the lease. One that has ended is taken over; our own
-- begins again.
INSERT INTO `authstore_migration` (`series`, `version`, `name`, `checksum`, `applied_at`)
VALUES ('', 0, ?, '', UTC_TIMESTAMP(3) + INTERVAL 15 SECOND)
ON DUPLICATE KEY UPDATE
    `name` = IF(`applied_at` < UTC_TIMESTAMP(3), VALUES(`name`), `name`),
    `applied_at` = IF(`name` = VALUES(`name`), VALUES(`applied_at`), `applied_at`);
