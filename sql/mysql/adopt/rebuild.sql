-- Returns statements that rebuild each table that the given statement alters.
SELECT CONCAT('ALTER TABLE `', TABLE_NAME, '` FORCE')
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE() AND LOCATE(CONCAT('ALTER TABLE `', TABLE_NAME, '` '), ?) > 0;
