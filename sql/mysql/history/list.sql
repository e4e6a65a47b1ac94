SELECT `version`, `name`, `checksum`, `applied_at`
FROM `authstore_migration`
WHERE `series` = ?
ORDER BY `version`;
