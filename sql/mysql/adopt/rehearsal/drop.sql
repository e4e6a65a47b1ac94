DROP TABLE IF EXISTS `authstore_rehearsal`;
