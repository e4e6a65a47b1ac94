-- In a NOT NULL column, MariaDB treats 0000-00-00 as NULL, so the text is compared.
SELECT CONCAT(
    COUNT(*), ' verification tokens have no expires, or an identifier or token that is missing, longer than 255 characters or '
    'contains a NUL character'
)
FROM `VerificationToken`
WHERE CAST(`expires` AS char) IS NULL
    OR `identifier` IS NULL OR CHAR_LENGTH(`identifier`) > 255 OR INSTR(CAST(`identifier` AS binary), X'00') > 0
    OR `token` IS NULL OR CHAR_LENGTH(`token`) > 255 OR INSTR(CAST(`token` AS binary), X'00') > 0
HAVING COUNT(*) > 0;
