SELECT CONCAT('a session belongs to no user: its userId is ', COALESCE(IF(s.`userId` REGEXP '^[0-9A-Za-z_-]+$', s.`userId`, '(not shown)'), '(NULL)'))
FROM `Session` AS s
WHERE NOT EXISTS (SELECT 1 FROM `User` AS u WHERE u.`id` = s.`userId` AND HEX(u.`id`) = HEX(s.`userId`))
LIMIT 100;
