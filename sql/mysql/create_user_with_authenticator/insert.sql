START TRANSACTION;
INSERT INTO `User` (`id`, `name`, `email`, `emailVerified`, `image`)
VALUES (@authstore_id, @authstore_name, @authstore_email, @authstore_emailVerified, @authstore_image);
INSERT INTO `Authenticator` (
    `credentialID`, `userId`, `providerAccountId`, `credentialPublicKey`, `counter`, `credentialDeviceType`,
    `credentialBackedUp`, `transports`
)
VALUES (
    @authstore_credentialID, @authstore_userId, @authstore_providerAccountId, @authstore_credentialPublicKey,
    @authstore_counter, @authstore_credentialDeviceType, @authstore_credentialBackedUp, @authstore_transports
);
COMMIT AND NO CHAIN NO RELEASE;
SET
    @authstore_name = NULL, @authstore_image = NULL, @authstore_credentialPublicKey = NULL,
    @authstore_credentialDeviceType = NULL, @authstore_transports = NULL;
