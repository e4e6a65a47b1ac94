ALTER TABLE `Session` ADD COLUMN `id` char(36) CHARACTER SET ascii COLLATE ascii_bin;
