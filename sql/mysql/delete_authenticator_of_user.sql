DELETE FROM `Authenticator`
WHERE `userId` = ? AND `credentialID` = ?;
