RENAME TABLE `Session` TO `authstore_adopted_Session`;
