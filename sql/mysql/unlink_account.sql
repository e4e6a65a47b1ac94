DELETE FROM `Account`
WHERE `provider` = ? AND `providerAccountId` = ?;
