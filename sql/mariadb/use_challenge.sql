DELETE FROM `authstore_challenge`
WHERE `key` = ?
RETURNING `expires`, `key`, `payload`;
