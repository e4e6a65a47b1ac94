DROP TABLE IF EXISTS `VerificationToken`;
