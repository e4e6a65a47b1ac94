SELECT CONCAT(COUNT(*), ' accounts have the id ', COALESCE(IF(MIN(`id`) REGEXP '^[0-9A-Za-z_-]+$', MIN(`id`), '(not shown)'), '(NULL)'))
FROM `Account`
WHERE `id` IS NOT NULL
GROUP BY `id`
HAVING COUNT(*) > 1
LIMIT 100;
