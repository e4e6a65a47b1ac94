DELETE FROM `Session`
WHERE `userId` = ? AND NOT `sessionToken` <=> ?;
