DELETE FROM `Authenticator`
WHERE `credentialID` = ?;
