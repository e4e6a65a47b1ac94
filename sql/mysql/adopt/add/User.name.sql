ALTER TABLE `User` ADD COLUMN `name` mediumtext;
