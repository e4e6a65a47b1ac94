DELETE FROM `VerificationToken`
WHERE `identifier` = ? AND `token` = ?
RETURNING `identifier`, `token`, `expires`;
