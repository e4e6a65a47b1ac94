RENAME TABLE `Account` TO `authstore_adopted_Account`;
