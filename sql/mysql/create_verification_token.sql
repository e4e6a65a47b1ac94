INSERT INTO `VerificationToken` (`identifier`, `token`, `expires`)
VALUES (?, ?, ?);
