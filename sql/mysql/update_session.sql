UPDATE `Session` SET
    `userId` = CASE WHEN ? THEN ? ELSE `userId` END,
    `expires` = CASE WHEN ? THEN ? ELSE `expires` END
WHERE `sessionToken` = ?;
