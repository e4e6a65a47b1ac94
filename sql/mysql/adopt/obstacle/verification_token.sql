SELECT CONCAT(COUNT(*), ' verification tokens have the same token')
FROM `VerificationToken`
GROUP BY CAST(CONVERT(`token` USING utf8mb4) AS binary)
HAVING COUNT(*) > 1
LIMIT 100;
