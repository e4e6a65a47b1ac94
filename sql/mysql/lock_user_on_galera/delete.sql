DELETE FROM `authstore_challenge`
WHERE `key` = CONCAT('\0', ?);
