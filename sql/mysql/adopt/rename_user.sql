RENAME TABLE `User` TO `authstore_adopted_User`;
