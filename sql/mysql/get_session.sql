SELECT `id`, `userId`, `sessionToken`, `expires`
FROM `Session`
WHERE `sessionToken` = ?;
