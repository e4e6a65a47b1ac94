ALTER TABLE `Account` ADD COLUMN `id_token` mediumtext;
