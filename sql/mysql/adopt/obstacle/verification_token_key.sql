-- MariaDB finds 0000-00-00 to be NULL where a column may not be NULL, so its text is asked.
SELECT CONCAT(
    COUNT(*), ' verification tokens have no identifier, token or expires, or one with more than 255 characters or a NUL '
    'character'
)
FROM `VerificationToken`
WHERE CAST(`expires` AS char) IS NULL
    OR `identifier` IS NULL OR CHAR_LENGTH(`identifier`) > 255 OR INSTR(CAST(`identifier` AS binary), X'00') > 0
    OR `token` IS NULL OR CHAR_LENGTH(`token`) > 255 OR INSTR(CAST(`token` AS binary), X'00') > 0
HAVING COUNT(*) > 0;
