INSERT INTO `Session` (`id`, `userId`, `sessionToken`, `expires`)
VALUES (?, ?, ?, ?);
