ALTER TABLE `Account` ADD COLUMN `expires_at` bigint;
