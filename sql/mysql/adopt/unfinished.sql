-- Without foreign keys to restore, the table itself is left to be dropped.
SELECT CONCAT('an interrupted adoption has not restored the foreign key ', `name`, ' yet') FROM `authstore_adoption`
UNION ALL
SELECT 'an interrupted adoption has left the table authstore_adoption'
FROM (SELECT COUNT(*) AS `keys` FROM `authstore_adoption`) AS a
WHERE a.`keys` = 0;
