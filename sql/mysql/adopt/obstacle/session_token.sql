SELECT CONCAT(COUNT(*), ' sessions, of the users ', GROUP_CONCAT(`userId` SEPARATOR ', '), ', have one token')
FROM `Session`
GROUP BY `sessionToken`
HAVING COUNT(*) > 1;
