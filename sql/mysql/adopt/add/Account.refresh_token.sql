ALTER TABLE `Account` ADD COLUMN `refresh_token` mediumtext;
