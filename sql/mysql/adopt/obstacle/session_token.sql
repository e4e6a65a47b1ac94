SELECT CONCAT(COUNT(*), ' sessions, of the users ', LEFT(GROUP_CONCAT(COALESCE(IF(`userId` REGEXP '^[0-9A-Za-z_-]+$', `userId`, '(not shown)'), '(NULL)') ORDER BY `userId` SEPARATOR ', '), 1000), ', have the same sessionToken')
FROM `Session`
GROUP BY CAST(CONVERT(`sessionToken` USING utf8mb4) AS binary)
HAVING COUNT(*) > 1
LIMIT 100;
