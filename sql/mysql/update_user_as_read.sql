UPDATE `User` SET
    `name` = CASE WHEN ? THEN ? ELSE `name` END,
    `email` = CASE WHEN ? THEN ? ELSE `email` END,
    `emailVerified` = CASE WHEN ? THEN ? ELSE `emailVerified` END,
    `image` = CASE WHEN ? THEN ? ELSE `image` END
WHERE `id` = ? AND `name` <=> ? AND `email` <=> ? AND `emailVerified` <=> ? AND `image` <=> ?;
