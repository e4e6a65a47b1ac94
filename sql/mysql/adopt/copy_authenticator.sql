-- What a run that was cut off has copied is passed over.
INSERT INTO `Authenticator` (
    `credentialID`, `userId`, `providerAccountId`, `credentialPublicKey`, `counter`, `credentialDeviceType`,
    `credentialBackedUp`, `transports`
)
SELECT
    a.`credentialID`, a.`userId`, a.`providerAccountId`, a.`credentialPublicKey`, a.`counter`,
    a.`credentialDeviceType`, a.`credentialBackedUp`, a.`transports`
FROM `authstore_adopted_Authenticator` AS a
WHERE NOT EXISTS (SELECT 1 FROM `Authenticator` AS n WHERE n.`credentialID` = CONVERT(a.`credentialID` USING ascii));
