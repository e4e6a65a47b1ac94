SELECT CONCAT('User.email of the user ', COALESCE(IF(`id` REGEXP '^[0-9A-Za-z_-]+$', `id`, '(not shown)'), '(NULL)'), ' is longer than 255 characters or contains a NUL character')
FROM `User`
WHERE CHAR_LENGTH(`email`) > 255 OR INSTR(CAST(`email` AS binary), X'00') > 0
LIMIT 100;
