-- The table that an unfinished adoption leaves; a table of the application with this name has other columns.
SELECT COUNT(*) = 2
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'authstore_adoption' AND COLUMN_NAME IN ('name', 'statement');
