UPDATE `Authenticator` SET `counter` = ?
WHERE `credentialID` = ?;
