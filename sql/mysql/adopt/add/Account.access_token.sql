ALTER TABLE `Account` ADD COLUMN `access_token` mediumtext;
