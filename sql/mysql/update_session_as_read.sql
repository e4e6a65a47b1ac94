UPDATE `Session` SET
    `userId` = CASE WHEN ? THEN ? ELSE `userId` END,
    `sessionToken` = CASE WHEN ? THEN ? ELSE `sessionToken` END,
    `expires` = CASE WHEN ? THEN ? ELSE `expires` END
WHERE `id` = ? AND `userId` = ? AND `sessionToken` = ? AND `expires` = ?;
