SELECT CONCAT('Session.expires of a session of the user ', COALESCE(IF(`userId` REGEXP '^[0-9A-Za-z_-]+$', `userId`, '(not shown)'), '(NULL)'), ' is not a time from 1970 to 9999')
FROM `Session`
WHERE YEAR(`expires`) NOT BETWEEN 1970 AND 9999 OR MONTH(`expires`) = 0 OR DAYOFMONTH(`expires`) = 0
LIMIT 100;
