DROP TABLE `authstore_adopted_Authenticator`;
