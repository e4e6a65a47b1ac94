DROP TABLE IF EXISTS `Authenticator`;
