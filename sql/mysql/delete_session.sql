DELETE FROM `Session`
WHERE `sessionToken` = ?;
