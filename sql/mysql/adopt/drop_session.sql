DROP TABLE `authstore_adopted_Session`;
