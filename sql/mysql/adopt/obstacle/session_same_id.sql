SELECT CONCAT(COUNT(*), ' sessions have the id ', COALESCE(IF(MIN(`id`) REGEXP '^[0-9A-Za-z_-]+$', MIN(`id`), '(not shown)'), '(NULL)'))
FROM `Session`
WHERE `id` IS NOT NULL
GROUP BY `id`
HAVING COUNT(*) > 1
LIMIT 100;
