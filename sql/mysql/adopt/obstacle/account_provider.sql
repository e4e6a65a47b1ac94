SELECT CONCAT(
    COUNT(*), ' accounts, of the users ', GROUP_CONCAT(`userId` ORDER BY `userId` SEPARATOR ', '),
    ', are one and the same, or the database takes them for it: provider ', MIN(`provider`),
    ', provider account id ', MIN(`providerAccountId`)
)
FROM `Account`
GROUP BY `provider`, `providerAccountId`
HAVING COUNT(*) > 1;
