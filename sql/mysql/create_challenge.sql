INSERT INTO `authstore_challenge` (`key`, `payload`, `expires`)
VALUES (?, ?, ?);
