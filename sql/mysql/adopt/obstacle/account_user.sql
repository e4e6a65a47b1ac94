SELECT CONCAT(
    'the account at ', COALESCE(a.`provider`, '(NULL)'), ' with the provider account id ',
    COALESCE(a.`providerAccountId`, '(NULL)'), ' belongs to no user'
)
FROM `Account` AS a
WHERE NOT EXISTS (SELECT 1 FROM `User` AS u WHERE u.`id` = a.`userId` AND HEX(u.`id`) = HEX(a.`userId`));
