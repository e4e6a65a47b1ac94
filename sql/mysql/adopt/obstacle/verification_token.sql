SELECT CONCAT(
    COUNT(*), ' verification tokens, for ', GROUP_CONCAT(`identifier` SEPARATOR ', '), ', have one value'
)
FROM `VerificationToken`
GROUP BY `token`
HAVING COUNT(*) > 1;
