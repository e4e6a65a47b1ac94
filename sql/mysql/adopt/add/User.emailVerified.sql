ALTER TABLE `User` ADD COLUMN `emailVerified` datetime(3);
