ALTER TABLE `User` ADD COLUMN `image` mediumtext;
