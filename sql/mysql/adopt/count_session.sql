SELECT COUNT(*) FROM `Session`;
