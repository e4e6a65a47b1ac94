SELECT CONCAT(COUNT(*), ' users have the id ', COALESCE(IF(MIN(`id`) REGEXP '^[0-9A-Za-z_-]+$', MIN(`id`), '(not shown)'), '(NULL)'))
FROM `User`
GROUP BY `id`
HAVING COUNT(*) > 1
LIMIT 100;
