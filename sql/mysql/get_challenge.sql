SELECT `expires`, `key`, `payload`
FROM `authstore_challenge`
WHERE `key` = ?;
