SELECT `identifier`, `token`, `expires`
FROM `VerificationToken`
WHERE `identifier` = ? AND `token` = ?;
