INSERT INTO `User` (`id`, `name`, `email`, `emailVerified`, `image`)
VALUES (?, ?, ?, ?, ?);
