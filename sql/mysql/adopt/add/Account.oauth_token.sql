ALTER TABLE `Account` ADD COLUMN `oauth_token` mediumtext;
