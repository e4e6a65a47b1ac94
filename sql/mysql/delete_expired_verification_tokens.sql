DELETE FROM `VerificationToken`
WHERE `expires` <= ?
ORDER BY `expires`
LIMIT ?;
