UPDATE `Account` SET
    `type` = CASE WHEN ? THEN ? ELSE `type` END,
    `refresh_token` = CASE WHEN ? THEN ? ELSE `refresh_token` END,
    `access_token` = CASE WHEN ? THEN ? ELSE `access_token` END,
    `expires_at` = CASE WHEN ? THEN ? ELSE `expires_at` END,
    `token_type` = CASE WHEN ? THEN ? ELSE `token_type` END,
    `scope` = CASE WHEN ? THEN ? ELSE `scope` END,
    `id_token` = CASE WHEN ? THEN ? ELSE `id_token` END,
    `session_state` = CASE WHEN ? THEN ? ELSE `session_state` END,
    `oauth_token_secret` = CASE WHEN ? THEN ? ELSE `oauth_token_secret` END,
    `oauth_token` = CASE WHEN ? THEN ? ELSE `oauth_token` END
WHERE
    `id` = ? AND `userId` = ? AND `type` = ? AND `provider` = ? AND `providerAccountId` = ? AND `refresh_token` <=> ?
    AND `access_token` <=> ? AND `expires_at` <=> ? AND `token_type` <=> ? AND `scope` <=> ? AND `id_token` <=> ?
    AND `session_state` <=> ? AND `oauth_token_secret` <=> ? AND `oauth_token` <=> ?;
