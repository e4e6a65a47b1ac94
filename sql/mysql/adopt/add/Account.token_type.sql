ALTER TABLE `Account` ADD COLUMN `token_type` mediumtext;
