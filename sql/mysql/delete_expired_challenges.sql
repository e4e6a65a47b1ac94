DELETE FROM `authstore_challenge`
WHERE `expires` <= ?
ORDER BY `expires`
LIMIT ?;
