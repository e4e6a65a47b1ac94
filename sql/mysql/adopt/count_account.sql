SELECT COUNT(*) FROM `Account`;
