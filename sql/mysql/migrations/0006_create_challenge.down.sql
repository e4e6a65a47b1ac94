DROP TABLE IF EXISTS `authstore_challenge`;
