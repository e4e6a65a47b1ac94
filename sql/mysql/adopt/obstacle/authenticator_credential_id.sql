SELECT CONCAT(
    COUNT(*), ' authenticators, of the users ', GROUP_CONCAT(`userId` SEPARATOR ', '), ', have one credential id'
)
FROM `Authenticator`
GROUP BY `credentialID`
HAVING COUNT(*) > 1;
