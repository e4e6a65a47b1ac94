DROP TABLE IF EXISTS `authstore_authenticator_details`;
