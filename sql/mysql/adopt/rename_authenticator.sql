RENAME TABLE `Authenticator` TO `authstore_adopted_Authenticator`;
