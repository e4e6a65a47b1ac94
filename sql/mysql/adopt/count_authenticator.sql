SELECT COUNT(*) FROM `Authenticator`;
