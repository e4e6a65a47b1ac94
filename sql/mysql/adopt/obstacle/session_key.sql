-- In a NOT NULL column, MariaDB treats 0000-00-00 as NULL, so the text is compared.
SELECT CONCAT(
    'a session of the user ', COALESCE(IF(`userId` REGEXP '^[0-9A-Za-z_-]+$', `userId`, '(not shown)'), '(NULL)'),
    ' has no expires, or a sessionToken that is missing, longer than 255 characters or contains a NUL character'
)
FROM `Session`
WHERE CAST(`expires` AS char) IS NULL
    OR `sessionToken` IS NULL OR CHAR_LENGTH(`sessionToken`) > 255 OR INSTR(CAST(`sessionToken` AS binary), X'00') > 0
LIMIT 100;
