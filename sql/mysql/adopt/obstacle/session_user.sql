SELECT CONCAT('a session belongs to no user: its userId is ', COALESCE(s.`userId`, '(NULL)'))
FROM `Session` AS s
WHERE NOT EXISTS (SELECT 1 FROM `User` AS u WHERE u.`id` = s.`userId` AND HEX(u.`id`) = HEX(s.`userId`));
