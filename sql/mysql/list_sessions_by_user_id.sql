SELECT `id`, `userId`, `sessionToken`, `expires`
FROM `Session`
WHERE `userId` = ?
ORDER BY `expires` DESC, `id`;
