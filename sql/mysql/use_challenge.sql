DELETE FROM `authstore_challenge`
WHERE `key` = ? AND `payload` = ? AND `expires` = ?;
