-- The lease is a row of the history table that belongs to no series; its time is the end of the lease. Takes it if no one
-- has it.
INSERT IGNORE INTO `authstore_migration` (`series`, `version`, `name`, `checksum`, `applied_at`)
VALUES ('', 0, ?, '', UTC_TIMESTAMP(3) + INTERVAL 15 SECOND);
