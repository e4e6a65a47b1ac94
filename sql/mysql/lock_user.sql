SELECT `id`
FROM `User`
WHERE `id` = ?
FOR UPDATE;
