DROP TABLE `authstore_adopted_VerificationToken`;
