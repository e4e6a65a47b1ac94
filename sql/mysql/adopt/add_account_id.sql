ALTER TABLE `Account` ADD COLUMN `id` char(36) CHARACTER SET ascii COLLATE ascii_bin;
