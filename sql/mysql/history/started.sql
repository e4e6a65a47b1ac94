SELECT `version`
FROM `authstore_migration`
WHERE `series` = '';
