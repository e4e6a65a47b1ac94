RENAME TABLE `VerificationToken` TO `authstore_adopted_VerificationToken`;
