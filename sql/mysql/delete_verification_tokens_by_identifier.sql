DELETE FROM `VerificationToken`
WHERE `identifier` = ?;
