DELETE FROM `Session`
WHERE `userId` = ? AND `id` = ?;
