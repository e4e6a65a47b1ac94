SELECT `id`, `name`, `email`, `emailVerified`, `image`
FROM `User`
WHERE `id` >= ? AND NOT `id` <=> ?
ORDER BY `id`
LIMIT ?;
