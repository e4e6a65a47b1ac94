SELECT CONCAT('the authenticator ', COALESCE(a.`credentialID`, '(NULL)'), ' belongs to no user')
FROM `Authenticator` AS a
WHERE NOT EXISTS (SELECT 1 FROM `User` AS u WHERE u.`id` = a.`userId` AND HEX(u.`id`) = HEX(a.`userId`));
