DROP TABLE `authstore_adopted_User`;
