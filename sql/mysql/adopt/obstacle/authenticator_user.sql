-- In an interrupted adoption, the user's id is ASCII already. Comparing it with another character set would convert the id,
-- and MariaDB would then read all users for each row.
SELECT CONCAT('an authenticator belongs to no user: its userId is ', COALESCE(IF(a.`userId` REGEXP '^[0-9A-Za-z_-]+$', a.`userId`, '(not shown)'), '(NULL)'))
FROM `Authenticator` AS a
WHERE NOT EXISTS (SELECT 1 FROM `User` AS u WHERE u.`id` = CONVERT(a.`userId` USING ascii) AND HEX(u.`id`) = HEX(a.`userId`))
LIMIT 100;
