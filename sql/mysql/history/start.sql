-- Records that a migration is being applied or reverted, so that what a killed run leaves behind is recognized as ours,
-- and unfinished. Uses a separate series, whose name no application can use.
INSERT IGNORE INTO `authstore_migration` (`series`, `version`, `name`, `checksum`, `applied_at`)
VALUES ('', ?, '', '', UTC_TIMESTAMP(3));
