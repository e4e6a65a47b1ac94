-- MariaDB finds 0000-00-00 to be NULL where a column may not be NULL, so its text is asked.
SELECT CONCAT(
    'a session of the user ', COALESCE(IF(`userId` REGEXP '^[0-9A-Za-z_-]+$', `userId`, '(not shown)'), '(NULL)'),
    ' has no sessionToken or no expires, or a sessionToken with more than 255 characters or a NUL character'
)
FROM `Session`
WHERE CAST(`expires` AS char) IS NULL
    OR `sessionToken` IS NULL OR CHAR_LENGTH(`sessionToken`) > 255 OR INSTR(CAST(`sessionToken` AS binary), X'00') > 0
LIMIT 100;
