SELECT COUNT(*) FROM `VerificationToken`;
