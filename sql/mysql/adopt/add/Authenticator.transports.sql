ALTER TABLE `Authenticator` ADD COLUMN `transports` mediumtext;
