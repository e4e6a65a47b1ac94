DELETE FROM `Session`
WHERE `expires` <= ?
ORDER BY `expires`
LIMIT ?;
