-- The limits of mediumtext and bigint.
SELECT CONCAT('an account of the user ', COALESCE(IF(`userId` REGEXP '^[0-9A-Za-z_-]+$', `userId`, '(not shown)'), '(NULL)'), ' has a field of more than 16 MiB, or an expires_at past 2^63')
FROM `Account`
WHERE `expires_at` > 9223372036854775807
    OR OCTET_LENGTH(`refresh_token`) > 16777215
    OR OCTET_LENGTH(`access_token`) > 16777215
    OR OCTET_LENGTH(`token_type`) > 16777215
    OR OCTET_LENGTH(`scope`) > 16777215
    OR OCTET_LENGTH(`id_token`) > 16777215
    OR OCTET_LENGTH(`session_state`) > 16777215
LIMIT 100;
