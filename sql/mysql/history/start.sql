-- Notes that a migration is being applied or reverted, so that the table that a killed run leaves is known to be ours. It
-- is under a series of its own, which no application's can have the name of.
INSERT IGNORE INTO `authstore_migration` (`series`, `version`, `name`, `checksum`, `applied_at`)
VALUES ('', ?, '', '', UTC_TIMESTAMP(3));
