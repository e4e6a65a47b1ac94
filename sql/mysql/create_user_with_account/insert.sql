START TRANSACTION;
INSERT INTO `User` (`id`, `name`, `email`, `emailVerified`, `image`)
VALUES (@authstore_id, @authstore_name, @authstore_email, @authstore_emailVerified, @authstore_image);
INSERT INTO `Account` (
    `id`, `userId`, `type`, `provider`, `providerAccountId`, `refresh_token`, `access_token`, `expires_at`, `token_type`,
    `scope`, `id_token`, `session_state`, `oauth_token_secret`, `oauth_token`
)
VALUES (
    @authstore_account_id, @authstore_userId, @authstore_type, @authstore_provider, @authstore_providerAccountId,
    @authstore_refresh_token, @authstore_access_token, @authstore_expires_at, @authstore_token_type, @authstore_scope,
    @authstore_id_token, @authstore_session_state, @authstore_oauth_token_secret, @authstore_oauth_token
);
COMMIT AND NO CHAIN NO RELEASE;
SET
    @authstore_name = NULL, @authstore_image = NULL, @authstore_refresh_token = NULL, @authstore_access_token = NULL,
    @authstore_token_type = NULL, @authstore_scope = NULL, @authstore_id_token = NULL, @authstore_session_state = NULL,
    @authstore_oauth_token_secret = NULL, @authstore_oauth_token = NULL;
