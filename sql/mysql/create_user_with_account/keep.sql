SET
    @authstore_id = ?, @authstore_name = ?, @authstore_email = ?, @authstore_emailVerified = ?, @authstore_image = ?,
    @authstore_account_id = ?, @authstore_userId = ?, @authstore_type = ?, @authstore_provider = ?,
    @authstore_providerAccountId = ?, @authstore_refresh_token = ?, @authstore_access_token = ?,
    @authstore_expires_at = ?, @authstore_token_type = ?, @authstore_scope = ?, @authstore_id_token = ?,
    @authstore_session_state = ?, @authstore_oauth_token_secret = ?, @authstore_oauth_token = ?;
