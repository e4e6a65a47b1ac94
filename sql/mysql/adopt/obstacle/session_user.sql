-- In an interrupted adoption, the user's id is ASCII already. Comparing it with another character set would convert the id,
-- and MariaDB would then read all users for each row.
SELECT CONCAT('a session belongs to no user: its userId is ', COALESCE(IF(s.`userId` REGEXP '^[0-9A-Za-z_-]+$', s.`userId`, '(not shown)'), '(NULL)'))
FROM `Session` AS s
WHERE NOT EXISTS (SELECT 1 FROM `User` AS u WHERE u.`id` = CONVERT(s.`userId` USING ascii) AND HEX(u.`id`) = HEX(s.`userId`))
LIMIT 100;
