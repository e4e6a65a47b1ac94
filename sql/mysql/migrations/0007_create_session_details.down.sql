DROP TABLE IF EXISTS `authstore_session_details`;
