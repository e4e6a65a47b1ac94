DROP TABLE `authstore_adopted_Account`;
