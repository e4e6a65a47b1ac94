UPDATE `Authenticator` SET `counter` = ?, `credentialBackedUp` = ?
WHERE `credentialID` = ?;
