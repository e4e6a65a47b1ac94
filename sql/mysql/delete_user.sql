DELETE FROM `User`
WHERE `id` = ?;
