-- Returns the statement that makes an empty copy of a table, with its columns, checks and indexes.
SELECT CONCAT('CREATE TABLE `authstore_rehearsal` LIKE `', TABLE_NAME, '`')
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
    AND IF(@@lower_case_table_names = 0, TABLE_NAME = BINARY ?, LOWER(TABLE_NAME) = LOWER(?));
