ALTER TABLE `Account` ADD COLUMN `scope` mediumtext;
