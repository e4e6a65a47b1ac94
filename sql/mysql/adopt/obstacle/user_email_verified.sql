SELECT CONCAT('User.emailVerified of the user ', COALESCE(IF(`id` REGEXP '^[0-9A-Za-z_-]+$', `id`, '(not shown)'), '(NULL)'), ' is not a time from 1970 to 9999')
FROM `User`
WHERE YEAR(`emailVerified`) NOT BETWEEN 1970 AND 9999 OR MONTH(`emailVerified`) = 0 OR DAYOFMONTH(`emailVerified`) = 0
LIMIT 100;
