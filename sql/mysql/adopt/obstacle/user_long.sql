-- The limit of mediumtext.
SELECT CONCAT('the user ', COALESCE(IF(`id` REGEXP '^[0-9A-Za-z_-]+$', `id`, '(not shown)'), '(NULL)'), ' has a name or image of more than 16 MiB')
FROM `User`
WHERE OCTET_LENGTH(`name`) > 16777215 OR OCTET_LENGTH(`image`) > 16777215
LIMIT 100;
