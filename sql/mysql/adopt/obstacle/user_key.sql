SELECT CONCAT('the user ', `id`, ' has an e-mail address of more than 255 characters')
FROM `User`
WHERE CHAR_LENGTH(`email`) > 255;
