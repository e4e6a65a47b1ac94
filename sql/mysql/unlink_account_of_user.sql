DELETE FROM `Account`
WHERE `userId` = ? AND `provider` = ? AND `providerAccountId` = ?;
