DROP TABLE `authstore_adoption`;
