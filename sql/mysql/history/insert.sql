INSERT INTO `authstore_migration` (`series`, `version`, `name`, `checksum`, `applied_at`)
VALUES (?, ?, ?, ?, ?);
