SET
    @authstore_id = ?, @authstore_name = ?, @authstore_email = ?, @authstore_emailVerified = ?, @authstore_image = ?,
    @authstore_credentialID = ?, @authstore_userId = ?, @authstore_providerAccountId = ?,
    @authstore_credentialPublicKey = ?, @authstore_counter = ?, @authstore_credentialDeviceType = ?,
    @authstore_credentialBackedUp = ?, @authstore_transports = ?;
