-- What a run that was cut off has copied is passed over.
INSERT INTO `Account` (
    `id`, `userId`, `type`, `provider`, `providerAccountId`, `refresh_token`, `access_token`, `expires_at`,
    `token_type`, `scope`, `id_token`, `session_state`, `oauth_token_secret`, `oauth_token`
)
SELECT
    a.`id`, a.`userId`, a.`type`, a.`provider`, a.`providerAccountId`, a.`refresh_token`, a.`access_token`,
    a.`expires_at`, a.`token_type`, a.`scope`, a.`id_token`, a.`session_state`, a.`oauth_token_secret`,
    a.`oauth_token`
FROM `authstore_adopted_Account` AS a
WHERE NOT EXISTS (SELECT 1 FROM `Account` AS n WHERE n.`id` = CONVERT(a.`id` USING ascii));
