-- of_own_foreign_keys.sql continues this. Saves the application's own foreign keys to an id, whose type changes.
INSERT IGNORE INTO `authstore_adoption` (`name`, `statement`)
SELECT
    CONCAT(k.TABLE_NAME, '.', k.CONSTRAINT_NAME),
    CONCAT(
        'ALTER TABLE `', REPLACE(k.TABLE_NAME, '`', '``'), '` ADD CONSTRAINT `', REPLACE(k.CONSTRAINT_NAME, '`', '``'),
        '` FOREIGN KEY (`', REPLACE(u.COLUMN_NAME, '`', '``'), '`) REFERENCES `', u.REFERENCED_TABLE_NAME, '` (`id`)',
        ' ON DELETE ', k.DELETE_RULE, ' ON UPDATE ', k.UPDATE_RULE
    )
