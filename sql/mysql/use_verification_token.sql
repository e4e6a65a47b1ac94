DELETE FROM `VerificationToken`
WHERE `identifier` = ? AND `token` = ? AND `expires` = ?;
