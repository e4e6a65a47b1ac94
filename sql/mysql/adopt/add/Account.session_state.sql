ALTER TABLE `Account` ADD COLUMN `session_state` mediumtext;
