DELETE FROM `authstore_migration`
WHERE `series` = '' AND `version` = ?;
